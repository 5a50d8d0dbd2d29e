//! Reads a package from bytes, once all of it is verified.
//! Never reads YAML itself: whoever calls brings the decoder of manifests.

use std::collections::BTreeMap;

use super::refusal::PackageError;
use super::verify::{text_of, verify};
use super::{PLAN_TEXT, Package, PackagedResource, check_resource, entries, listed};
use crate::address::Address;
use crate::model::name::escaped;
use crate::wire::package::ManifestResource;

/// Turns the path and text of a resource into its address and what its YAML says. Action and relation are the
/// manifest's to say; what is returned for them is not looked at.
pub type Decode<'a> = &'a dyn Fn(&str, &str) -> Result<(Address, PackagedResource), String>;

/// Reads a package. The manifest must say of each resource what its YAML says.
pub fn read(bytes: &[u8], decode: Decode<'_>) -> Result<Package, PackageError> {
    let verified = verify(bytes)?;
    let paths = entries::paths(verified.manifest.resources.iter().map(|r| &r.address));
    let mut resources = BTreeMap::new();
    for listed in &verified.manifest.resources {
        let path = &paths[&listed.address];
        let text = text_of(&verified.files, path).unwrap_or_default();
        let packaged = resource(listed, path, text, decode).map_err(|message| PackageError::Resource {
            address: escaped(&listed.address.to_string()),
            message,
        })?;
        check_resource(&listed.address, &packaged)?;
        resources.insert(listed.address.clone(), packaged);
    }
    Ok(Package {
        resources,
        plan_markdown: text_of(&verified.files, PLAN_TEXT).map(str::to_owned),
        manifest: verified.manifest,
        plan: verified.plan,
        files: verified.files,
    })
}

fn resource(
    manifest: &ManifestResource,
    path: &str,
    text: &str,
    decode: Decode<'_>,
) -> Result<PackagedResource, String> {
    let (address, decoded) = decode(path, text)?;
    if address != manifest.address {
        return Err(format!("its file declares `{}`", escaped(&address.to_string())));
    }
    let packaged = PackagedResource {
        action: manifest.action,
        related_because: manifest.related_because.clone(),
        ..decoded
    };
    let actual = listed(&address, &packaged);
    if actual.setup != manifest.setup {
        return Err("its file says another setup than the manifest".to_owned());
    }
    if actual.depends_on != manifest.depends_on {
        return Err("it depends on other resources than the manifest says".to_owned());
    }
    if actual != *manifest {
        return Err("its file does not hold what the manifest was made from".to_owned());
    }
    Ok(packaged)
}
