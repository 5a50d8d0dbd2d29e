//! `init`: the files of a small repository that works at once.
//! Never writes them: the command line does, and never over a file that is there.

/// The files, each with its path from the new root.
pub fn files() -> Vec<(&'static str, &'static str)> {
    vec![
        (".github/workflows/reconcile.yml", include_str!("template/workflow.yml")),
        (".gitignore", include_str!("template/gitignore")),
        ("environments/dev.yaml", include_str!("template/dev.yaml")),
        ("environments/staging.yaml", include_str!("template/staging.yaml")),
        ("resources/entities/customer.yaml", include_str!("template/customer.yaml")),
        ("resources/entities/order.yaml", include_str!("template/order.yaml")),
        ("resources/picklists/order-status.yaml", include_str!("template/order-status.yaml")),
    ]
}
