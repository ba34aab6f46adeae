//! The question that a person at a terminal is asked before the first sync leaves: whether that many devices are meant.

use intune_sync_identity::Claims;
use intune_sync_wit::Plan;

/// More devices than these are asked about, however large the fleet.
const MANY: u32 = 100;
/// More devices than these are asked about if they are more than half of what is listed.
const FEW: u32 = 10;

/// Whether a person is asked, and what.
#[derive(Debug)]
pub(super) struct Question {
    /// Whose devices, and as whom: ``tenant `…` as `…` ``.
    whose: String,
    whole_fleet: bool,
    /// A person is there to be asked.
    asks: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The component has not said yet what it will do.
    Open,
    /// It has, and this is to be asked; `None` if they are too few.
    Planned(Option<String>),
    /// It was asked, or need not be.
    Settled,
}

/// What to do about the question now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Now {
    /// Nothing yet, or nothing more.
    Wait,
    /// Nobody is asked: the syncs may leave.
    Permit,
    /// Ask this.
    Ask(String),
}

impl Question {
    /// The question of a run that selects, or of one that is of the whole fleet.
    pub(super) fn open(whole_fleet: bool, claims: Option<Claims>) -> Self {
        let claims = claims.unwrap_or_default();
        let tenant = claims.tenant.as_ref().map_or_else(
            || "the tenant".to_owned(),
            |tenant| format!("tenant `{tenant}`"),
        );
        Self {
            whose: match claims.who() {
                Some(who) => format!("{tenant} as `{who}`"),
                None => tenant,
            },
            whole_fleet,
            asks: true,
            state: State::Open,
        }
    }

    /// Nobody is asked, and the syncs wait for the plan.
    pub(super) fn unasked() -> Self {
        Self {
            asks: false,
            state: State::Open,
            ..Self::settled()
        }
    }

    /// Nobody is asked.
    pub(super) fn settled() -> Self {
        Self {
            whose: String::new(),
            whole_fleet: false,
            asks: false,
            state: State::Settled,
        }
    }

    /// The component says what it will do.
    pub(super) fn plan(&mut self, plan: &Plan) {
        if !matches!(self.state, State::Open) || plan.to_sync == 0 {
            return;
        }
        let Plan {
            listed, to_sync, ..
        } = *plan;
        let most = to_sync > listed / 2;
        let many = self.whole_fleet || to_sync > MANY || to_sync > FEW && most;
        let asks = self.asks && many;
        let devices = match self.whole_fleet {
            true => format!("all {to_sync} devices"),
            false if listed > to_sync => format!("{to_sync} of {listed} devices"),
            false => format!("{to_sync} devices"),
        };
        self.state = State::Planned(asks.then(|| self.about(&devices)));
    }

    /// What to do about it; `writes_wait` if a sync waits for the reply. A component need not say what it is about to
    /// do.
    pub(super) fn now(&mut self, writes_wait: bool) -> Now {
        let now = match &self.state {
            State::Open if writes_wait && !self.asks => Now::Permit,
            State::Open if writes_wait => Now::Ask(self.about("an unknown number of devices")),
            State::Planned(Some(question)) => Now::Ask(question.clone()),
            State::Planned(None) => Now::Permit,
            State::Open | State::Settled => return Now::Wait,
        };
        self.state = State::Settled;
        now
    }

    fn about(&self, devices: &str) -> String {
        let whose = &self.whose;
        format!("sync {devices} of {whose}? (`--yes` skips this question)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(listed: u32, to_sync: u32) -> Plan {
        Plan {
            listed,
            total: to_sync,
            to_sync,
            skipped: Vec::new(),
            platforms: Vec::new(),
            batches: 1,
            requests: 1,
            expected: 0,
        }
    }

    fn asked(whole_fleet: bool, listed: u32, to_sync: u32) -> Now {
        let claims = Claims {
            tenant: Some("t".to_owned()),
            application: Some("a".to_owned()),
            ..Claims::default()
        };
        let mut question = Question::open(whole_fleet, Some(claims));
        assert_eq!(question.now(false), Now::Wait);
        question.plan(&plan(listed, to_sync));
        let now = question.now(true);
        assert_eq!(question.now(true), Now::Wait, "it is asked once");
        now
    }

    #[test]
    fn it_depends_on_how_many_devices_and_which_share_of_the_fleet() {
        let ask = |devices: &str| {
            Now::Ask(format!(
                "sync {devices} of tenant `t` as `a`? (`--yes` skips this question)"
            ))
        };
        assert_eq!(asked(true, 3, 3), ask("all 3 devices"));
        assert_eq!(asked(false, 5_000, 101), ask("101 of 5000 devices"));
        assert_eq!(asked(false, 5_000, 100), Now::Permit);
        assert_eq!(asked(false, 20, 11), ask("11 of 20 devices"));
        assert_eq!(asked(false, 11, 11), ask("11 devices"));
        assert_eq!(asked(false, 22, 11), Now::Permit);
        assert_eq!(asked(false, 10, 10), Now::Permit);
    }

    #[test]
    fn a_component_that_does_not_plan_is_asked_about_when_it_writes() {
        let mut question = Question::open(false, None);
        assert_eq!(question.now(false), Now::Wait);
        let text = "sync an unknown number of devices of the tenant? (`--yes` skips this question)";
        assert_eq!(question.now(true), Now::Ask(text.to_owned()));
        let mut question = Question::open(true, None);
        question.plan(&plan(7, 0));
        assert!(matches!(question.now(true), Now::Ask(_)));
        assert_eq!(Question::settled().now(true), Now::Wait);
    }

    #[test]
    fn where_nobody_is_asked_the_syncs_wait_for_the_plan_alone() {
        let mut question = Question::unasked();
        assert_eq!(question.now(false), Now::Wait);
        question.plan(&plan(5_000, 5_000));
        assert_eq!(question.now(false), Now::Permit);
        assert_eq!(Question::unasked().now(true), Now::Permit);
    }
}
