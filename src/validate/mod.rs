pub fn validate(
    _: &crate::model::repository::Repository,
    _: &std::collections::BTreeMap<String, crate::model::name::NameLimits>,
) -> (Vec<crate::model::repository::Remark>, Vec<crate::diagnostic::Diagnostic>) {
    (vec![], vec![])
}
