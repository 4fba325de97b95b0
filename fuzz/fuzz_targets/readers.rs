//! Any bytes through reader and decoder: nothing panics. `seeds/readers` holds one input per shape of text:
//! `cargo fuzz run readers corpus/readers seeds/readers`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sigyn_readers::{Decoder, Facts, Reader, Step};

fuzz_target!(|bytes: &[u8]| {
    let (mut decoder, mut facts, mut text) = (Decoder::new(None), Facts::new(), String::new());
    for step in Reader::new("fuzz", std::io::Cursor::new(bytes.to_vec())) {
        if let Step::Batch(batch) = step {
            decoder.decode(&batch, &mut |_, event| {
                text.clear();
                let _ = (facts.time(event), facts.host(event, &mut text), facts.user(event, &mut text));
                true
            });
        }
    }
});
