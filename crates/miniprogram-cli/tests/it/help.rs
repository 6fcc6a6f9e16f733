use std::path::Path;

#[test]
fn help_and_usage_errors_stay_as_they_are() {
    trycmd::TestCases::new()
        .register_bin("miniprogram", Path::new(env!("CARGO_BIN_EXE_miniprogram")))
        .env("COLUMNS", "100")
        .case("tests/cmd/*.trycmd")
        .case("README.md");
}
