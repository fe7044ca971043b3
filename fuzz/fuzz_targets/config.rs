//! Feeds any bytes as config.json. The reader refuses them, or it gives a configuration that stays the same when it is written and
//! read again, and whose tensors can be listed.
#![no_main]

use electroscope::hub::{ElectraConfig, Role, expected_tensors};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(config) = ElectraConfig::from_json(bytes) {
        for role in Role::BOTH {
            let list = expected_tensors(&config, role);
            let back = ElectraConfig::from_json(&config.to_json(role)).expect("what was accepted is accepted again");
            assert_eq!(expected_tensors(&back, role), list);
        }
    }
});
