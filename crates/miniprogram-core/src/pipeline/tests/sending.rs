//! What is sent, with which token, timeout and limits, and what a response reveals about the effect.

use super::*;
use crate::token::{TokenKind, TokenProvider, TokenScope};

/// Provides `t1`, `t2`, … and records what was refused.
#[derive(Debug, Default)]
struct Tokens {
    rejected: Mutex<Vec<String>>,
    /// How many tokens are provided before there are none left.
    most: Mutex<Option<usize>>,
    /// Whether a refused token is provided again.
    same: bool,
    cannot_reject: bool,
}

fn lost(operation: &'static str) -> Error {
    Error::new(ErrorKind::Timeout, operation).with_outcome(Outcome::Unknown)
}

#[async_trait]
impl TokenProvider for Tokens {
    async fn token(&self, _scope: &TokenScope) -> Result<AccessToken> {
        if let Some(most) = &mut *self.most.lock().unwrap() {
            *most = most.checked_sub(1).ok_or_else(|| lost("token"))?;
        }
        let refused = if self.same { 0 } else { self.rejected.lock().unwrap().len() };
        AccessToken::new(format!("t{}", refused + 1))
    }

    async fn reject(&self, _scope: &TokenScope, refused: &AccessToken) -> Result<()> {
        if self.cannot_reject {
            return Err(lost("reject"));
        }
        self.rejected.lock().unwrap().push(refused.secret().expose().to_owned());
        Ok(())
    }
}

async fn call(acme: &Acme, tokens: Arc<Tokens>, call: Call) -> Result<Reply> {
    let mut config = acme.config();
    config.tokens = tokens;
    let pipeline = pipeline(config);
    pipeline.begin(&app(), "call").send_once(&call).await
}

fn effect() -> Call {
    Call::to(&EFFECT)
}

fn tokens_sent(acme: &Acme) -> Vec<String> {
    let token = |request: &Request| request.secrets.first().map(|(_, token)| token.expose().to_owned());
    acme.script().sent.iter().filter_map(|(_, request)| token(request)).collect()
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_the_call_sent_once_more() {
    let tokens = Arc::new(Tokens::default());
    let acme = Acme::new(&[STALE, Answer::Done], &[]);
    call(&acme, tokens.clone(), effect()).await.unwrap();
    assert_eq!(tokens_sent(&acme), ["t1", "t2"]);
    assert_eq!(*tokens.rejected.lock().unwrap(), ["t1"]);
    let acme = Acme::new(&[STALE], &[]);
    let error = call(&acme, Arc::default(), effect()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::TokenRejected, 2));
}

#[tokio::test]
async fn only_a_refused_token_is_replaced() {
    // A refusal for another reason; a code that may be returned after the effect; no response.
    for answer in [REFUSED, BUSY, Answer::Code(5), Answer::Lost] {
        let tokens = Arc::new(Tokens::default());
        let acme = Acme::new(&[answer], &[]);
        let error = call(&acme, tokens.clone(), effect()).await.unwrap_err();
        assert_eq!((error.attempts(), acme.counts().0), (1, 1), "{answer:?}");
        assert!(tokens.rejected.lock().unwrap().is_empty(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_token_that_comes_back_unchanged_is_not_sent_again() {
    let acme = Acme::new(&[STALE], &[]);
    let tokens = Tokens { same: true, ..Tokens::default() };
    let error = call(&acme, Arc::new(tokens), effect()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::TokenRejected, 1));
    assert_eq!(tokens_sent(&acme), ["t1"]);
}

#[tokio::test]
async fn a_token_that_cannot_be_had_leaves_no_doubt_about_the_call() {
    let most = |most| Tokens { most: Some(most).into(), ..Tokens::default() };
    for (tokens, outcome, sent) in [
        (most(0), Outcome::NotSent, 0),
        (most(1), Outcome::NotDone, 1),
        (Tokens { cannot_reject: true, ..Tokens::default() }, Outcome::NotDone, 1),
    ] {
        let acme = Acme::new(&[STALE], &[]);
        let error = call(&acme, Arc::new(tokens), effect()).await.unwrap_err();
        assert_eq!((error.outcome(), error.attempts()), (outcome, sent));
        assert_eq!(error.operation(), "call", "the operation that failed");
    }
    let acme = Acme::new(&[Answer::Done], &[Look::Absent]);
    let mut config = acme.config().with_max_attempts(1);
    config.tokens = Arc::new(most(0));
    assert_eq!(outcome(&pipeline(config), &acme).await, Outcome::NotSent);
    assert_eq!(acme.counts(), (0, 0));
}

#[tokio::test]
async fn a_call_that_only_reads_did_nothing_whatever_became_of_its_answer() {
    let read = || Call::raw(http::Method::GET, "/read", &[], crate::transport::Body::Empty).unwrap();
    for (answer, of_read, of_effect) in [
        (Answer::Lost, Outcome::NotDone, Outcome::Unknown),
        (Answer::TooLarge, Outcome::NotDone, Outcome::Unknown),
        (REFUSED, Outcome::NotDone, Outcome::NotDone),
        (Answer::Unreachable, Outcome::NotSent, Outcome::NotSent),
    ] {
        let acme = Acme::new(&[answer], &[]).with_reads(&[answer]);
        for (call_made, told) in [(read(), of_read), (effect(), of_effect)] {
            let error = call(&acme, Arc::default(), call_made).await.unwrap_err();
            assert_eq!((error.outcome(), error.attempts()), (told, 1), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn a_call_without_a_token_or_with_its_own_asks_for_none() {
    let own = AccessToken::new("own").unwrap();
    for (call_made, token) in
        [(effect().without_token(), None), (effect().with_given_token(own), Some("own"))]
    {
        let tokens = Arc::new(Tokens { most: Some(0).into(), ..Tokens::default() });
        let acme = Acme::new(&[STALE], &[]);
        let error = call(&acme, tokens, call_made).await.unwrap_err();
        assert_eq!((error.attempts(), acme.counts().0), (1, 1));
        assert_eq!(tokens_sent(&acme).first().map(String::as_str), token);
    }
}

#[tokio::test]
async fn uploads_have_their_own_timeout_and_images_and_files_their_own_limits() {
    for (call, timeout, max_bytes) in [
        (effect(), 10, 4 << 20),
        (effect().as_upload(), 60, 4 << 20),
        (effect().expecting_image(), 10, 8 << 20),
        (effect().expecting_anything(), 10, 32 << 20),
    ] {
        let acme = Acme::new(&[Answer::Hung], &[]);
        let pipeline = acme.pipeline();
        let error = pipeline.begin(&app(), "call").send_once(&call).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::Unknown));
        let request = acme.script().sent[0].1.clone();
        assert_eq!((request.timeout, request.max_bytes), (Duration::from_secs(timeout), max_bytes));
        assert_eq!(acme.elapsed(), Duration::from_secs(timeout), "the pipeline itself ends it");
    }
}

#[tokio::test]
async fn a_deadline_cuts_the_attempt_short() {
    let acme = Acme::new(&[Answer::Hung], &[]);
    let pipeline = pipeline(acme.config().with_deadline(Duration::from_secs(5)));
    let app = app();
    let mut op = pipeline.begin(&app, "call");
    acme.1.advance(Duration::from_secs(2));
    assert_eq!(op.send_once(&effect()).await.unwrap_err().outcome(), Outcome::Unknown);
    assert_eq!(acme.script().sent[0].1.timeout, Duration::from_secs(3));
    assert_eq!(acme.elapsed(), Duration::from_secs(5));
}

#[tokio::test]
async fn a_failure_says_what_is_known_of_the_call_and_why() {
    for (answer, kind, outcome) in [
        (Answer::Unreachable, ErrorKind::Unavailable, Outcome::NotSent),
        (Answer::Unbuildable, ErrorKind::Config, Outcome::NotSent),
        (Answer::Lost, ErrorKind::Unavailable, Outcome::Unknown),
        (Answer::TooLarge, ErrorKind::Protocol, Outcome::Unknown),
    ] {
        let acme = Acme::new(&[answer], &[]);
        let error = call(&acme, Arc::default(), effect()).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome(), error.vendor()), (kind, outcome, Some(ACME)));
        assert!(std::error::Error::source(&error).is_some(), "{answer:?} hides its cause");
    }
    for (answer, outcome, wait) in [
        (REFUSED, Outcome::NotDone, None),
        (Answer::Code(5), Outcome::Unknown, None),
        (Answer::Code(3), Outcome::NotDone, Some(Duration::from_secs(3))),
        (Answer::Code(7), Outcome::NotDone, None),
        (Answer::Wait(9), Outcome::NotDone, Some(Duration::from_secs(9))),
    ] {
        let acme = Acme::new(&[answer], &[]);
        let error = call(&acme, Arc::default(), effect()).await.unwrap_err();
        assert_eq!((error.outcome(), error.retry_after(), error.vendor()), (outcome, wait, Some(ACME)));
    }
}

#[tokio::test]
async fn each_kind_of_token_has_its_scope() {
    /// Refuses every scope, naming it.
    #[derive(Debug)]
    struct Named;

    #[async_trait]
    impl TokenProvider for Named {
        async fn token(&self, scope: &TokenScope) -> Result<AccessToken> {
            Err(Error::new(ErrorKind::Config, "token").with_detail(format!("{} {scope}", scope.platform)))
        }

        async fn reject(&self, _scope: &TokenScope, _refused: &AccessToken) -> Result<()> {
            Ok(())
        }
    }

    let acme = Acme::new(&[Answer::Done], &[]);
    let mut config = acme.config();
    config.tokens = Arc::new(Named);
    let pipeline = pipeline(config);
    for (call, kind, of) in [
        (effect(), TokenKind::Authorizer, " of 1"),
        (effect().with_platform_token(), TokenKind::Platform, ""),
        (effect().with_client_credentials(), TokenKind::ClientCredentials, ""),
    ] {
        let error = pipeline.begin(&app(), "call").send_once(&call).await.unwrap_err();
        let scope = format!("platform acme {} token{of}", kind.as_str());
        assert_eq!(error.detail(), Some(&*scope));
    }
}

#[tokio::test]
async fn what_a_plan_refuses_was_not_sent() {
    let refusal = || Some(Error::new(ErrorKind::Conflict, "inner").with_outcome(Outcome::Unknown));
    let acme = Acme::new(&[Answer::Done], &[Look::Absent]);
    let pipeline = acme.pipeline();
    acme.script().before = refusal();
    let error = run(&pipeline, &acme).await.unwrap_err();
    assert_eq!((error.operation(), error.outcome()), ("set_visit_status", Outcome::NotSent));
    assert_eq!(error.vendor(), Some(ACME));
    acme.script().before = None;
    acme.script().request = refusal();
    let error = run(&pipeline, &acme).await.unwrap_err();
    assert_eq!((error.outcome(), error.vendor()), (Outcome::NotSent, Some(ACME)));
    let error = pipeline.plan(&acme, &command()).unwrap_err();
    assert_eq!((error.kind(), error.vendor()), (ErrorKind::Conflict, Some(ACME)));
    acme.script().request = None;
    assert_eq!(outcome(&pipeline, &acme).await, Outcome::Done);
    assert_eq!(acme.counts(), (1, 0), "nothing of the two was open");
}

#[tokio::test]
async fn the_platform_itself_has_no_apps_token() {
    let acme = Acme::new(&[Answer::Done], &[]);
    let pipeline = acme.pipeline();
    let error = pipeline.begin(pipeline.platform_id(), "call").send_once(&effect()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Config, Outcome::NotSent), "{error:#}");
    pipeline.begin(pipeline.platform_id(), "call").send_once(&effect().without_token()).await.unwrap();
    assert_eq!(acme.counts().0, 1);
}
