//! A package: resources with their setup actions and, for one environment, the plan, as files in a deterministic zip.
//! Never touches a file, and never believes an archive before all of it is verified.

mod compare;
mod entries;
mod layout;
mod read;
mod refusal;
mod seal;
mod steps;
mod sums;
mod verify;
mod write;

use std::collections::BTreeMap;

use crate::address::Address;
use crate::fingerprint::Fingerprint;
use crate::model::name;
use crate::model::resource::{Resource, kind_entry};
use crate::model::setup::{Action, Setup};
use crate::model::written::{Written, declarable, manifest_value};
use crate::plan::Plan;
use crate::source::Revision;
use crate::wire;
use crate::wire::package::{FORMAT_VERSION, Manifest, ManifestFile, ManifestResource};
use crate::yaml;

pub use compare::compare;
pub use entries::{address_of, paths};
pub use read::read;
pub use refusal::{EntryFault, PackageError};
pub use seal::Sealed;
pub use verify::{
    MAX_ARCHIVE_BYTES, MAX_ENTRIES, MAX_ENTRY_BYTES, MAX_PLAN_BYTES, MAX_RATIO, MAX_TOTAL_BYTES, Verified,
    verify,
};
pub use write::write;

pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const PLAN: &str = "plan.json";
pub(crate) const PLAN_TEXT: &str = "PLAN.md";
pub(crate) const SUMS: &str = "SHA256SUMS";

/// The files of a package with what they mean. The two always agree, so it is made whole and never changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Package {
    manifest: Manifest,
    resources: BTreeMap<Address, PackagedResource>,
    plan: Option<Plan>,
    plan_markdown: Option<String>,
    /// Every entry by its path.
    files: BTreeMap<String, Vec<u8>>,
}

/// What the maker of a package says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    pub name: String,
    pub description: Option<String>,
    /// Where the resources come from. Where there is a plan, the plan's own revision holds.
    pub provenance: Revision,
    /// The version of `reconcile` that makes it.
    pub tool_version: String,
    /// The environment that the resources were exported from.
    pub source_environment: Option<String>,
}

/// One resource of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackagedResource {
    /// With its directives; of a standard entity the customizations alone.
    pub resource: Resource,
    pub renamed_from: Option<String>,
    pub labels: BTreeMap<String, String>,
    pub setup: Setup,
    /// The setup action that holds if the importer chooses no other.
    pub action: Action,
    /// Why it is here although nobody selected it.
    pub related_because: Option<String>,
}

impl Package {
    /// Packs resources, with the plan where they are planned for one environment. What a manifest cannot declare
    /// is left out of them.
    pub fn new(
        about: About,
        mut resources: BTreeMap<Address, PackagedResource>,
        plan: Option<Plan>,
        plan_markdown: Option<String>,
    ) -> Result<Package, PackageError> {
        for packaged in resources.values_mut() {
            packaged.resource = declarable(&packaged.resource);
        }
        let mut files = BTreeMap::new();
        let paths = paths(resources.keys());
        for (address, packaged) in &resources {
            check_resource(address, packaged)?;
            files.insert(paths[address].clone(), resource_text(address, packaged).into_bytes());
        }
        if let Some(plan) = &plan {
            steps::check(plan)?;
            files.insert(PLAN.to_owned(), wire::plan::packaged_to_json(plan).into_bytes());
            files.extend(steps::files(plan));
        }
        if let Some(markdown) = &plan_markdown {
            files.insert(PLAN_TEXT.to_owned(), markdown.clone().into_bytes());
        }
        let manifest = manifest(about, &resources, plan.as_ref(), &files);
        check_manifest(&manifest)?;
        files.insert(MANIFEST.to_owned(), wire::package::to_json(&manifest).into_bytes());
        files.insert(SUMS.to_owned(), sums::text(&files).into_bytes());
        verify::check_sizes(&files)?;
        Ok(Package { manifest, resources, plan, plan_markdown, files })
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub fn resources(&self) -> &BTreeMap<Address, PackagedResource> {
        &self.resources
    }

    /// The plan for `manifest().environment`; none in a package that is planned when it is imported.
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    pub fn plan_markdown(&self) -> Option<&str> {
        self.plan_markdown.as_deref()
    }

    /// Every entry by its path.
    pub fn files(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.files
    }

    /// Identifies the package by the sorted list of its entries and their sums, however the zip is compressed.
    pub fn fingerprint(&self) -> Fingerprint {
        sums::fingerprint(&self.files)
    }
}

fn resource_text(address: &Address, packaged: &PackagedResource) -> String {
    yaml::emit(&manifest_value(&Written {
        address,
        resource: &packaged.resource,
        renamed_from: packaged.renamed_from.as_deref(),
        labels: &packaged.labels,
        setup: &packaged.setup,
    }))
}

fn manifest(
    about: About,
    resources: &BTreeMap<Address, PackagedResource>,
    plan: Option<&Plan>,
    files: &BTreeMap<String, Vec<u8>>,
) -> Manifest {
    Manifest {
        format_version: FORMAT_VERSION.to_owned(),
        name: about.name,
        description: about.description,
        provenance: plan.map_or(about.provenance, |plan| plan.revision.clone()),
        tool_version: about.tool_version,
        source_environment: about.source_environment,
        environment: plan.map(|plan| plan.environment.clone()),
        complete: true,
        resources: resources.iter().map(|(address, packaged)| listed(address, packaged)).collect(),
        files: files.iter().map(|(path, bytes)| listed_file(path, bytes)).collect(),
    }
}

/// What the manifest says of one resource.
fn listed(address: &Address, packaged: &PackagedResource) -> ManifestResource {
    let references = packaged.resource.references();
    let mut depends_on: Vec<Address> =
        references.into_iter().map(|(_, to)| to).filter(|to| to != address).collect();
    depends_on.sort();
    depends_on.dedup();
    ManifestResource {
        address: address.clone(),
        action: packaged.action,
        setup: packaged.setup.clone(),
        depends_on,
        related_because: packaged.related_because.clone(),
        fingerprint: Fingerprint::of(&packaged.resource),
    }
}

/// What the manifest says of one entry.
fn listed_file(path: &str, bytes: &[u8]) -> ManifestFile {
    ManifestFile { path: path.to_owned(), size: bytes.len() as u64, sha256: Fingerprint::of_bytes(bytes) }
}

fn check_resource(address: &Address, packaged: &PackagedResource) -> Result<(), PackageError> {
    let refuse = |message: String| {
        Err(PackageError::Resource { address: name::escaped(&address.to_string()), message })
    };
    if address.kind != packaged.resource.kind() {
        return refuse(format!("it holds a resource of the kind `{}`", packaged.resource.kind()));
    }
    if let Some(fault) = name::fault(&address.name) {
        return refuse(format!("its name {fault}"));
    }
    match kind_entry(&address.kind) {
        Some(kind) if kind.actions.actions.contains(&packaged.action) => Ok(()),
        Some(_) | None => refuse(format!("its kind does not know the setup action `{}`", packaged.action)),
    }
}

fn check_manifest(manifest: &Manifest) -> Result<(), PackageError> {
    let refuse = |message: String| Err(PackageError::Manifest { message: name::escaped(&message) });
    if let Some(fault) = name::fault(&manifest.name) {
        return refuse(format!("the name of the package {fault}"));
    }
    let is_version = |text: &str| {
        text.len() <= 64
            && text.starts_with(|c: char| c.is_ascii_digit())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'))
    };
    if !is_version(&manifest.tool_version) {
        return refuse(format!("`{}` is no version of `reconcile`", manifest.tool_version));
    }
    for environment in manifest.environment.iter().chain(&manifest.source_environment) {
        if let Some(fault) = name::environment_fault(environment) {
            return refuse(format!("the name of the environment `{environment}` {fault}"));
        }
    }
    if !manifest.complete {
        return refuse("the package was not finished (`complete` is not true)".to_owned());
    }
    Ok(())
}
