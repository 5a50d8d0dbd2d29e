//! A package is the same bytes wherever it is made, and reads back as what was packed.
//! Never tries hostile archives: `package_refusals` does.

mod generated;
mod packed;

use std::collections::BTreeMap;
use std::io::Read;

use packed::{about, decode, design, design_plan, entity};
use proptest::prelude::*;
use reconcile::address::Address;
use reconcile::model::resource::Resource;
use reconcile::model::setup::Action;
use reconcile::model::written::{Written, declarable, manifest_value};
use reconcile::package::{About, Package, PackageError, PackagedResource, compare, read, verify, write};
use reconcile::plan::Plan;
use reconcile::render;
use reconcile::render::paint::Paint;
use reconcile::wire::package::Inspection;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_package_reads_back_as_packed(parts in generated::parts()) {
        let package =
            Package::new(parts.about, parts.resources, parts.plan.clone(), parts.plan_markdown.clone()).unwrap();
        let bytes = write(&package);
        let read = read(&bytes, &decode).unwrap();
        prop_assert_eq!(&read, &package);
        prop_assert_eq!(read.plan(), parts.plan.as_ref());
        prop_assert_eq!(read.plan().map(Plan::fingerprint), parts.plan.as_ref().map(Plan::fingerprint));
        prop_assert_eq!(read.plan_markdown(), parts.plan_markdown.as_deref());
        prop_assert_eq!(write(&read), bytes.clone());
        let verified = verify(&bytes).unwrap();
        prop_assert_eq!(verified.fingerprint(), package.fingerprint());
        prop_assert_eq!(compare(&read, &package), vec![]);
    }

    #[test]
    fn the_order_of_packing_leaves_no_trace(
        parts in generated::parts(),
        order in proptest::collection::vec(any::<u32>(), 5),
    ) {
        let mut shuffled: Vec<_> = parts.resources.clone().into_iter().zip(order).collect();
        shuffled.sort_by_key(|(_, place)| *place);
        let mut resources = BTreeMap::new();
        for ((address, packaged), _) in shuffled {
            resources.insert(address, packaged);
        }
        let first = Package::new(parts.about.clone(), parts.resources, parts.plan.clone(), None).unwrap();
        let second = Package::new(parts.about, resources, parts.plan, None).unwrap();
        prop_assert_eq!(write(&first), write(&second));
    }

    #[test]
    fn a_resource_is_written_as_its_manifest_reads(
        address in generated::address(),
        packaged in generated::packaged(),
    ) {
        let resource = declarable(&packaged.resource);
        let value = manifest_value(&Written {
            address: &Address::new(resource.kind(), address.name.as_str()),
            resource: &packaged.resource,
            renamed_from: packaged.renamed_from.as_deref(),
            labels: &packaged.labels,
            setup: &packaged.setup,
        });
        let (read_address, read) = decode("", &reconcile::yaml::emit(&value)).unwrap();
        prop_assert_eq!(read_address.name, address.name);
        prop_assert_eq!(serde_json::to_string(&read.resource).unwrap(), serde_json::to_string(&resource).unwrap());
        prop_assert_eq!((read.labels, read.setup), (packaged.labels, packaged.setup));
    }
}

fn text<'p>(package: &'p Package, path: &str) -> &'p str {
    std::str::from_utf8(&package.files()[path]).unwrap()
}

#[test]
fn a_package_holds_what_the_design_says() {
    let package =
        Package::new(about("orders"), design(), Some(design_plan()), Some("# Plan\n".to_owned())).unwrap();
    let paths: Vec<&str> = package.files().keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "PLAN.md",
            "SHA256SUMS",
            "manifest.json",
            "plan.json",
            "resources/entity/order.yaml",
            "resources/picklist/order-status.yaml",
            "steps/0001-create-table-order.sql",
        ]
    );
    assert_eq!(
        text(&package, "steps/0001-create-table-order.sql"),
        "create table \"order\" (id text);\nselect 1 -- note\n;\n"
    );
    assert_eq!(
        text(&package, "resources/entity/order.yaml"),
        "\
apiVersion: reconcile/v1
kind: Entity
metadata:
  name: order
  labels: { team: sales }
  renamedFrom: purchase
setup:
  action: overwrite
  allowed: [merge, overwrite]
spec:
  displayName: Order
  fields:
    status: { type: picklist, picklist: order-status, required: true, default: draft }
    customer: { type: lookup, entity: account }
    note: { type: text, maxLength: 500, renamedFrom: remark }
  keys:
    by-status: { fields: [status] }
"
    );
    let manifest = package.manifest();
    assert_eq!(manifest.environment.as_deref(), Some("staging"));
    assert_eq!(manifest.provenance.commit.as_deref(), Some("4f2a91c0".repeat(5).as_str()));
    let needs: Vec<String> = manifest.resources[0].depends_on.iter().map(ToString::to_string).collect();
    assert_eq!(needs, ["entity/account", "picklist/order-status"]);
    let keys: Vec<&str> = text(&package, "manifest.json")
        .lines()
        .filter_map(|line| line.strip_prefix("  \"")?.split('"').next())
        .collect();
    assert!(keys.is_sorted(), "{keys:?}");
}

#[test]
fn the_bytes_of_a_package_never_change() {
    let package =
        Package::new(about("orders"), design(), Some(design_plan()), Some("# Plan\n".to_owned())).unwrap();
    // If this changes, packages that people keep are not what a new build makes of the same revision.
    assert_eq!(
        package.fingerprint().to_string(),
        "263e86f18f947a1ca5c9013f0f89d7298727f8c5239a6d12f411ce4019b36012"
    );
    let bytes = write(&package);
    // If only this changes, a library compresses differently: say so in the changelog.
    assert_eq!(
        reconcile::fingerprint::Fingerprint::of_bytes(&bytes).to_string(),
        "b8ea9ca3428c07f67457530d4273ad0d8d2811daaf7bad1994bc105cd2fbee67"
    );
    assert_eq!(write(&package), bytes);
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).unwrap();
    let mut names = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        names.push(file.name().unwrap().into_owned());
        assert_eq!(file.last_modified(), Some(zip::DateTime::DEFAULT));
        assert_eq!(file.unix_mode(), Some(0o100644));
        assert_eq!(file.system(), zip::System::Unix);
        assert_eq!(file.extra_data(), None);
        assert_eq!(file.comment(), "");
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        assert_eq!(package.files()[names.last().unwrap()], content);
    }
    assert!(names.is_sorted_by(|a, b| a.as_bytes() < b.as_bytes()), "{names:?}");
}

#[test]
fn of_a_standard_entity_the_customizations_are_packed_alone() {
    let account = entity(
        r#"{
        "displayName": "Account", "standard": true, "primaryKey": ["number"], "native": "create table account",
        "fields": {
            "number": { "type": "text", "standard": true },
            "region": { "type": "text", "native": "varchar(20)" }
        },
        "keys": { "by-number": { "fields": ["number"], "standard": true } },
        "indexes": { "by-region": { "fields": ["region"] } },
        "checks": { "has-number": { "sql": "number <> ''", "standard": true } }
    }"#,
    );
    let package =
        Package::new(about("x"), BTreeMap::from([("entity/account".parse().unwrap(), account)]), None, None)
            .unwrap();
    assert_eq!(
        text(&package, "resources/entity/account.yaml"),
        "\
apiVersion: reconcile/v1
kind: Entity
metadata:
  name: account
spec:
  extends: standard
  fields:
    region: { type: text, native: varchar(20) }
  indexes:
    by-region: { fields: [region] }
"
    );
}

#[test]
fn what_no_reader_would_take_is_not_packed() {
    let refused =
        |about: About, resources| Package::new(about, resources, None, None).unwrap_err().to_string();
    for name in ["", "../x", " x", "a\u{1b}[2Jb"] {
        let message = refused(about(name), BTreeMap::new());
        assert!(message.contains("name of the package") && !message.contains('\u{1b}'), "{message}");
    }
    let versioned = |version: &str| About { tool_version: version.to_owned(), ..about("x") };
    for version in ["", "/../", "1.0/x", "v1"] {
        assert!(refused(versioned(version), BTreeMap::new()).contains("no version"), "{version}");
    }
    let from = |name: &str| About { source_environment: Some(name.to_owned()), ..about("x") };
    for environment in ["", "..", "Dev", "con"] {
        assert!(refused(from(environment), BTreeMap::new()).contains("environment"), "{environment}");
    }
    let at = |address: Address| BTreeMap::from([(address, entity("{}"))]);
    let address = |text: &str| text.parse::<Address>().unwrap();
    assert!(refused(about("x"), at(address("picklist/order"))).contains("kind `entity`"));
    assert!(refused(about("x"), at(address("entity/a*"))).contains("holds `*`"));
    let unknown = PackagedResource { action: Action::Update, ..entity("{}") };
    assert!(refused(about("x"), BTreeMap::from([(address("entity/a"), unknown)])).contains("`update`"));
    let mut plan = design_plan();
    plan.steps[1].id = 1;
    let twice = Package::new(about("x"), design(), Some(plan), None);
    assert!(matches!(twice, Err(PackageError::Plan { .. })), "{twice:?}");
}

#[test]
fn a_plan_that_compresses_like_a_bomb_is_still_read() {
    let markdown = "| order | order |\n".repeat(400_000);
    let package = Package::new(about("x"), design(), None, Some(markdown)).unwrap();
    assert_eq!(read(&write(&package), &decode).unwrap(), package);
}

fn inspection(package: &Package) -> Inspection {
    Inspection { manifest: package.manifest().clone(), signatures: Vec::new() }
}

#[test]
fn a_package_is_shown_to_people() {
    let mut about = about("orders");
    about.description = Some("All of sales.\u{1b}[2J\nAnd more.".to_owned());
    about.source_environment = Some("dev".to_owned());
    let exported = Package::new(about.clone(), design(), None, None).unwrap();
    let planned = Package::new(about, design(), Some(design_plan()), None).unwrap();
    let show = |package: &Package| {
        render::package::inspect(&inspection(package), &package.fingerprint(), package.plan(), Paint::plain())
    };
    assert_eq!(show(&exported).replace(&exported.fingerprint().to_string(), "FINGERPRINT"), INSPECTED);
    assert!(show(&planned).contains("planned for    environment staging"), "{}", show(&planned));
    assert_eq!(
        render::package::verified(&inspection(&planned), &planned.fingerprint(), Paint::plain()),
        format!(
            "✓ orders is as it was made: 4 entries, 2 resources\n  fingerprint {}\n",
            planned.fingerprint()
        )
    );
}

const INSPECTED: &str = "\
Package orders
  All of sales.\\u{1b}[2J
  And more.

  made from      the work tree
  exported from  environment dev
  planned for    no environment yet; importing it makes the plan
  made with      reconcile 0.1.0
  fingerprint    FINGERPRINT

  RESOURCE               ACTION     ALLOWED           DEPENDS ON
  entity/order           overwrite  merge, overwrite  entity/account (not in the package), picklist/order-status
  picklist/order-status  select     any
    included because entity/order has a field of it

2 resources, 1 of them related, 1 to decide at import.
";

#[test]
fn the_difference_of_two_packages_is_shown_by_entry() {
    let before = Package::new(about("orders"), design(), None, None).unwrap();
    let mut resources = design();
    resources.remove(&"picklist/order-status".parse().unwrap());
    let Some(order) = resources.get_mut(&"entity/order".parse().unwrap()) else { unreachable!() };
    let Resource::Entity(entity) = &mut order.resource else { unreachable!() };
    entity.fields[0].required = None;
    entity.display_name = Some("Order\u{202e}".into());
    let after = Package::new(about("orders"), resources, None, None).unwrap();
    let differences = compare(&before, &after);
    let paths: Vec<&str> = differences.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(
        paths,
        ["manifest.json", "resources/entity/order.yaml", "resources/picklist/order-status.yaml"]
    );
    assert!(differences[2].after.is_none());
    assert_eq!(render::package::diff(&differences[1..], Paint::plain()), DIFFERENCE);
    let colored = render::package::diff(&differences[1..2], Paint::new(true));
    assert!(colored.contains("\u{1b}[1m"), "{colored:?}");
    assert_eq!(
        render::package::diff(&compare(&after, &after), Paint::plain()),
        "No differences. The packages hold the same.\n"
    );
}

const DIFFERENCE: &str = "\
--- a/resources/entity/order.yaml
+++ b/resources/entity/order.yaml
@@ -8,9 +8,9 @@
   action: overwrite
   allowed: [merge, overwrite]
 spec:
-  displayName: Order
+  displayName: \"Order\\u{202e}\"
   fields:
-    status: { type: picklist, picklist: order-status, required: true, default: draft }
+    status: { type: picklist, picklist: order-status, default: draft }
     customer: { type: lookup, entity: account }
     note: { type: text, maxLength: 500, renamedFrom: remark }
   keys:
--- a/resources/picklist/order-status.yaml
+++ /dev/null
@@ -1,9 +0,0 @@
-apiVersion: reconcile/v1
-kind: Picklist
-metadata:
-  name: order-status
-spec:
-  displayName: Order status
-  options:
-    open: { label: { de: Offen, en: Open }, color: \"#2b8a3e\" }
-    draft: {}
";
