//! Any bytes through reader and decoder: nothing panics. `seeds/readers` holds one input per shape of text:
//! `cargo fuzz run readers corpus/readers seeds/readers`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sigyn_readers::{Decoder, Reader, Step};

fuzz_target!(|bytes: &[u8]| {
    let mut decoder = Decoder::new(None);
    for step in Reader::new("fuzz", std::io::Cursor::new(bytes.to_vec())) {
        if let Step::Batch(batch) = step {
            decoder.decode(&batch, &mut |_, event| {
                let _ = (sigyn_readers::time(event), sigyn_readers::host(event), sigyn_readers::user(event));
                true
            });
        }
    }
});
