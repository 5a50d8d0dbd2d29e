pub fn schemas() -> Vec<(&'static str, String)> {
    vec![]
}
