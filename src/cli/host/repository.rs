//! The repository as its host knows it: which kind of host, where its API is, and the repository's path there.
//! Never asks anybody: the address of `origin` and the settings say it.

use crate::model::notify::{HostConfig, HostKind};

/// A repository on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosted {
    pub kind: HostKind,
    /// Where its API is, without a `/` at the end.
    pub api: String,
    /// `owner/name`; on GitLab also `group/subgroup/name`.
    pub path: String,
}

/// Why a host is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoHost {
    #[error("the url of `origin` does not say where the repository is")]
    NoAddress,
    #[error("`{0}` may be any kind of host")]
    UnknownKind(String),
    #[error("`{0}` is no `owner/name`")]
    BadPath(String),
    #[error("the API is reached neither by https nor on this machine")]
    Insecure,
    #[error("`origin` is at `{origin}`, and the API is said to be at `{api}`, which would get the token")]
    Elsewhere { origin: String, api: String },
}

/// Finds the host by the address of `origin`, as a revision has it, and by the settings, which go first.
pub fn hosted(address: Option<&str>, config: &HostConfig) -> Result<Hosted, NoHost> {
    let found = address.and_then(parts);
    let api_host = config.api.as_deref().and_then(parts).map(|(host, _)| host);
    let host = found.as_ref().map(|(host, _)| host.clone()).or(api_host.clone()).ok_or(NoHost::NoAddress)?;
    let name = host.split(':').next().unwrap_or_default();
    let is = |word: &str| name == format!("{word}.com") || name.split('.').any(|part| part == word);
    let kind = match config.kind {
        Some(kind) => kind,
        None if is("github") => HostKind::Github,
        None if is("gitlab") => HostKind::Gitlab,
        None => return Err(NoHost::UnknownKind(host)),
    };
    let api = match (&config.api, kind) {
        (Some(api), _) => api.trim_end_matches('/').to_owned(),
        (None, HostKind::Github) if name == "github.com" => "https://api.github.com".to_owned(),
        (None, HostKind::Github) => format!("https://{host}/api/v3"),
        (None, HostKind::Gitlab) => format!("https://{host}/api/v4"),
    };
    if !is_safe(&api) {
        return Err(NoHost::Insecure);
    }
    // Whoever may change the settings does not choose who gets the token.
    let name_of = |host: &str| host.split(':').next().unwrap_or_default().to_owned();
    if let (Some((origin, _)), Some(api)) = (&found, &api_host) {
        let (origin, api) = (name_of(origin), name_of(api));
        if api != origin && !api.ends_with(&format!(".{origin}")) {
            return Err(NoHost::Elsewhere { origin, api });
        }
    }
    let path = config.repository.clone().or(found.map(|(_, path)| path)).ok_or(NoHost::NoAddress)?;
    if !is_path(&path, kind) {
        return Err(NoHost::BadPath(path));
    }
    Ok(Hosted { kind, api, path })
}

/// Tells whether a token may be sent there: nobody on the way reads it.
fn is_safe(api: &str) -> bool {
    match api.split_once("://") {
        Some(("https", _)) => true,
        Some(("http", rest)) => {
            let host = rest.split('/').next().unwrap_or_default();
            let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
            !host.contains('@') && ["localhost", "127.0.0.1", "[::1]"].contains(&name)
        }
        Some(_) | None => false,
    }
}

/// `https://host/path.git`, `ssh://host:22/path`, `host:path`. The host keeps its port where that is HTTP's.
fn parts(address: &str) -> Option<(String, String)> {
    let (host, path) = match address.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit('@').next().unwrap_or(host);
            let name = host.split(':').next().unwrap_or_default();
            (if scheme.starts_with("http") { host } else { name }, path)
        }
        None => {
            let (host, path) = address.split_once(':')?;
            (host.rsplit('@').next().unwrap_or(host), path)
        }
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    (!host.is_empty()).then(|| (host.to_ascii_lowercase(), path.to_owned()))
}

fn is_path(path: &str, kind: HostKind) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let enough = match kind {
        HostKind::Github => parts.len() == 2,
        HostKind::Gitlab => parts.len() >= 2,
    };
    let is_name = |part: &&str| {
        !part.is_empty()
            && !matches!(*part, "." | "..")
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    enough && parts.iter().all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_origin_tells_the_host_and_the_settings_correct_it() {
        let none = HostConfig::default();
        let gitlab = HostConfig { kind: Some(HostKind::Gitlab), ..none.clone() };
        let api = HostConfig { api: Some("https://git.example.com/api/v3/".to_owned()), ..none.clone() };
        let all = HostConfig {
            kind: Some(HostKind::Github),
            api: Some("http://127.0.0.1:8080".to_owned()),
            repository: Some("acme/shop".to_owned()),
        };
        for (address, config, want) in [
            (Some("https://github.com/acme/shop.git"), &none, "Github https://api.github.com acme/shop"),
            (Some("github.com:acme/shop.git"), &none, "Github https://api.github.com acme/shop"),
            (Some("ssh://github.com/acme/shop"), &none, "Github https://api.github.com acme/shop"),
            (
                Some("ssh://github.example.com:2222/acme/shop"),
                &none,
                "Github https://github.example.com/api/v3 acme/shop",
            ),
            (Some("https://gitlab.com/a/b/shop.git"), &none, "Gitlab https://gitlab.com/api/v4 a/b/shop"),
            (
                Some("https://gitlab.example.com:8443/a/shop"),
                &none,
                "Gitlab https://gitlab.example.com:8443/api/v4 a/shop",
            ),
            (Some("https://git.example.com/a/shop"), &gitlab, "Gitlab https://git.example.com/api/v4 a/shop"),
            (Some("https://git.example.com/a/shop"), &none, "`git.example.com` may be any kind of host"),
            (
                Some("https://git.example.com:8443/a/shop"),
                &HostConfig { kind: Some(HostKind::Github), ..api.clone() },
                "Github https://git.example.com/api/v3 a/shop",
            ),
            (
                Some("https://example.com/a/shop"),
                &HostConfig { kind: Some(HostKind::Github), ..api.clone() },
                "Github https://git.example.com/api/v3 a/shop",
            ),
            (
                Some("https://github.com/a/shop"),
                &api,
                "`origin` is at `github.com`, and the API is said to be at `git.example.com`, which would get the token",
            ),
            (None, &none, "the url of `origin` does not say where the repository is"),
            (None, &all, "Github http://127.0.0.1:8080 acme/shop"),
            (Some("https://github.com/acme"), &none, "`acme` is no `owner/name`"),
            (Some("https://github.com/acme/../x"), &none, "`acme/../x` is no `owner/name`"),
            (Some("https://github.com/acme/a b"), &none, "`acme/a b` is no `owner/name`"),
        ] {
            let got = match hosted(address, config) {
                Ok(Hosted { kind, api, path }) => format!("{kind:?} {api} {path}"),
                Err(error) => error.to_string(),
            };
            assert_eq!(got, want, "{address:?}");
        }
        let open = HostConfig { api: Some("http://git.example.com/api/v3".to_owned()), ..all };
        assert_eq!(hosted(None, &open), Err(NoHost::Insecure));
        let fake = HostConfig { api: Some("http://localhost@evil.example".to_owned()), ..open };
        assert_eq!(hosted(None, &fake), Err(NoHost::Insecure));
    }
}
