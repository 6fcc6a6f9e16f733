use super::*;

/// The steps of a document in short form: `<name`, the text itself, `>`. An envelope and a message must follow the
/// same rules.
fn steps(text: &str) -> Result<Vec<String>, &'static str> {
    let steps = walked(Xml::envelope(text));
    assert_eq!(walked(Xml::message(text)), steps, "{text}");
    steps
}

fn walked(xml: Result<Xml<'_>, Malformed>) -> Result<Vec<String>, &'static str> {
    let mut xml = xml.map_err(|Malformed(why)| why)?;
    let mut steps = Vec::new();
    while let Some(step) = xml.next().map_err(|Malformed(why)| why)? {
        steps.push(match step {
            Step::Open(name) => format!("<{name}"),
            Step::Text(piece) => piece.into_owned(),
            Step::Close => ">".to_owned(),
        });
    }
    Ok(steps)
}

#[test]
fn the_texts_of_a_message_hold_what_people_typed_and_an_envelope_does_not() {
    for typed in ["\u{1}", "&#1;", "&#x1f;", "<![CDATA[\u{1f}]]>", "&#xfffe;", "&#xd83d;"] {
        let text = format!("<xml>{typed}</xml>");
        let steps = walked(Xml::message(&text)).unwrap();
        assert_eq!(steps.concat().chars().count(), 1, "{typed:?}");
        assert!(walked(Xml::envelope(&text)).is_err(), "{typed:?}");
    }
    for refused in
        ["\0", "&#0;", "<![CDATA[\0]]>", "&#x110000;", "&#;", "&#x;", "&#+1;", "&#1", "&#99999999999;"]
    {
        let text = format!("<xml>{refused}</xml>");
        assert!(walked(Xml::message(&text)).is_err(), "{refused:?}");
        assert!(walked(Xml::envelope(&text)).is_err(), "{refused:?}");
    }
}

#[test]
fn the_root_is_not_reported_and_everything_inside_it_is() {
    for (text, expected) in [
        ("<xml/>", [].as_slice()),
        ("<xml/>\n", &[]),
        ("<xml></xml>", &[]),
        ("<xml>a</xml>", &["a"]),
        ("<xml><![CDATA[a]]></xml>", &["a"]),
        ("<xml>&amp;</xml>", &["&"]),
        ("<xml>a<![CDATA[<]]>&gt;</xml>", &["a", "<", ">"]),
        ("<xml><a/></xml>", &["<a", ">"]),
        ("<xml> <a>b<c/></a>d</xml>", &[" ", "<a", "b", "<c", ">", ">", "d"]),
        ("<xml><!-- a - b --></xml>", &[]),
    ] {
        assert_eq!(
            steps(text).as_deref(),
            Ok(expected.iter().map(|&s| s.to_owned()).collect::<Vec<_>>().as_slice()),
            "{text}"
        );
    }
}

#[test]
fn each_document_is_refused_for_its_own_reason() {
    for (text, why) in [
        ("\u{feff}\u{feff}<xml/>", "two byte order marks"),
        ("<![CDATA[]]><xml/>", "text outside the root element"),
        ("<![CDATA[ ]]><xml/>", "text outside the root element"),
        ("<xml/><![CDATA[a]]>", "text outside the root element"),
        ("&amp;<xml/>", "text outside the root element"),
        ("<xml/>&#32;", "text outside the root element"),
        ("a<xml/>", "text outside the root element"),
        ("<xml/>a", "text outside the root element"),
        ("<xml/><xml/>", "not one root element `xml`"),
        ("<a/>", "not one root element `xml`"),
        ("<xml><!-- a -- b --></xml>", "not well-formed XML"),
        ("<xml><a></b></xml>", "not well-formed XML"),
        ("<xml>", "the document ends too early"),
        ("", "the document ends too early"),
    ] {
        assert_eq!(steps(text), Err(why), "{text}");
    }
}

#[test]
fn a_name_starts_with_a_letter_an_underscore_or_a_colon_and_may_be_of_any_script() {
    for good in ["a", "A", "_", ":", "é", "名", "wx:a", "名前", "a1", "a-b.c", "_1", ":1"] {
        assert!(is_name(good), "{good}");
        assert_eq!(steps(&format!("<xml><{good}/></xml>")), Ok(vec![format!("<{good}"), ">".to_owned()]));
    }
    for bad in ["", "1a", "-a", ".a", "a b", "a@", "a/b", "a=", "a&"] {
        assert!(!is_name(bad), "{bad}");
    }
}
