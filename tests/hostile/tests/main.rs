//! Each hostile component, run by the built program against the simulator, and stopped with its own reason.

mod harness;

mod custody;
mod headers;
mod imports;
mod limits;
mod messages;
mod places;
mod reports;
mod requests;
mod syncs;
mod tokens;

use self::{
    custody::*, headers::*, imports::*, limits::*, messages::*, places::*, reports::*, requests::*,
    syncs::*, tokens::*,
};

include!(concat!(env!("OUT_DIR"), "/guests.rs"));

/// A component without a test of its name does not compile.
macro_rules! assert_test_exists {
    ($name:ident) => {
        #[expect(unused_imports, reason = "that it is there is all")]
        use self::$name as _;
    };
}

for_each_guest!(assert_test_exists);
