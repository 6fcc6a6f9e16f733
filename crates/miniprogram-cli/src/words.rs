//! Commands in place of the methods that errors and advice of the libraries name.

use std::borrow::Cow;

use crate::vendors::VendorEntry;

/// Methods that every vendor has, and the commands that call them.
const METHODS: [(&str, &str); 26] = [
    ("add_template", "template add"),
    ("audit_quota", "audit quota"),
    ("audit_status", "audit status"),
    ("cancel_gray_release", "release gray cancel"),
    ("categories", "code categories"),
    ("code_versions", "code versions"),
    ("delete_template", "template delete"),
    ("expedite_audit", "audit expedite"),
    ("gray_release_plan", "release gray status"),
    ("latest_audit", "audit latest"),
    ("min_library_version", "release library get"),
    ("packages", "code versions"),
    ("pages", "code pages"),
    ("release", "release publish"),
    ("rollback", "release rollback"),
    ("rollback_targets", "release targets"),
    ("set_min_library_version", "release library set"),
    ("set_visit_status", "release visit"),
    ("start_gray_release", "release gray start"),
    ("submit_audit", "audit submit"),
    ("template_drafts", "template drafts"),
    ("templates", "template list"),
    ("trial_qr_code", "code qrcode"),
    ("upload_code", "code upload"),
    ("visit_status", "release visit status"),
    ("withdraw_audit", "audit withdraw"),
];

/// Methods behind the verbs of `app`, of a vendor that has these.
const OF_APP: [(&str, &str); 17] = [
    ("app_info", "app info"),
    ("apply_phone_permission", "app phone apply"),
    ("apply_recovery", "app recovery"),
    ("cancel_phone_permission", "app phone cancel"),
    ("category_tree", "app category list"),
    ("change_server_domains", "app domain"),
    ("change_web_view_domains", "app webview-domain"),
    ("check_name", "app name check"),
    ("phone_permission", "app phone status"),
    ("server_domains", "app domain get"),
    ("set_description", "app description set"),
    ("set_icon", "app icon set"),
    ("set_name", "app name set"),
    ("update_categories", "app category update"),
    ("update_offline_info", "app offline-update"),
    ("upload_image", "app image upload"),
    ("web_view_domains", "app webview-domain get"),
];

/// Operations that only errors name.
const OF_ERRORS: [(&str, &str); 7] = [
    ("exchange", "auth exchange"),
    ("open", "store"),
    ("open_read_only", "store"),
    ("read_configuration", "configuration"),
    ("recover", "auth recover"),
    ("refresh", "auth refresh"),
    ("start_ticket_push", "auth ticket --start"),
];

/// The command for a method; the method's own name if there is none.
pub(crate) fn command_of<'m>(method: &'m str, entry: Option<&dyn VendorEntry>) -> &'m str {
    let of_app = if entry.is_some_and(|entry| entry.app_admin().is_some()) { &OF_APP[..] } else { &[] };
    let known = METHODS.iter().chain(of_app).find(|(name, _)| *name == method);
    known.map_or(method, |(_, command)| command)
}

/// The command that an error is about.
pub(crate) fn operation<'m>(method: &'m str, entry: Option<&dyn VendorEntry>) -> &'m str {
    match OF_ERRORS.iter().find(|(name, _)| *name == method) {
        Some((_, command)) => command,
        None => command_of(method, entry),
    }
}

/// A text in which methods in backticks are replaced by commands.
pub(crate) fn with_commands<'t>(text: &'t str, entry: Option<&dyn VendorEntry>) -> Cow<'t, str> {
    if !text.contains('`') {
        return Cow::Borrowed(text);
    }
    let parts = text.split('`').enumerate();
    let parts: Vec<&str> =
        parts.map(|(at, part)| if at % 2 == 1 { command_of(part, entry) } else { part }).collect();
    Cow::Owned(parts.join("`"))
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;
    use crate::cli;
    use crate::vendors::{Baidu, Vendors, WeChat};

    /// Follows the words of a command down to its options.
    fn exists(mut command: &Command, words: &str) -> bool {
        words.split(' ').filter(|word| !word.starts_with("--")).all(|word| {
            let found = command.find_subcommand(word);
            found.is_some_and(|found| {
                command = found;
                true
            })
        })
    }

    #[test]
    fn every_command_exists() {
        let root = cli::command(&Vendors::bundled());
        for (method, command) in METHODS.iter().chain(&OF_APP).chain(&OF_ERRORS) {
            assert!(*method == "read_configuration" || exists(&root, command), "{command}");
        }
    }

    #[test]
    fn only_what_is_quoted_is_a_method_and_only_what_the_vendor_has_a_command() {
        let text = "ask `check_name` and `latest_audit`, then release as `second_id` says";
        assert_eq!(
            with_commands(text, Some(&Baidu)),
            "ask `app name check` and `audit latest`, then release as `second_id` says"
        );
        assert_eq!(
            with_commands(text, Some(&WeChat)),
            "ask `check_name` and `audit latest`, then release as `second_id` says"
        );
        assert_eq!((operation("exchange", None), operation("app_info", None)), ("auth exchange", "app_info"));
    }
}
