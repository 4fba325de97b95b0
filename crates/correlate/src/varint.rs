//! Whole numbers in as few bytes as they need: seven bits a byte, the lowest first; the highest bit says that there are more.

/// Calls `push` with the bytes of a number: ten at most.
#[inline]
pub(crate) fn write(mut number: u64, mut push: impl FnMut(u8)) {
    while number >= 0x80 {
        push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    push(number as u8);
}

/// Takes a number from the front of some bytes; none if they end in it, or it has more than 64 bits.
#[inline]
pub(crate) fn read(rest: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        number |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
        shift += 7;
        if shift > 63 {
            return None;
        }
    }
}

/// A number that is often small and sometimes negative, as one that is small then: the sign goes to the lowest bit.
pub(crate) fn folded(number: i64) -> u64 {
    (number.wrapping_shl(1) ^ (number >> 63)).cast_unsigned()
}

/// What [`folded`] was made of.
pub(crate) fn unfolded(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn numbers_come_out_as_they_went_in(number: u64, shift in 0_u32..64, behind: u8) {
            let number = number >> shift;
            let mut bytes = Vec::new();
            write(number, |byte| bytes.push(byte));
            proptest::prop_assert_eq!(bytes.len(), (64 - number.leading_zeros() as usize).div_ceil(7).max(1));
            bytes.push(behind);
            let mut rest = &bytes[..];
            proptest::prop_assert_eq!(read(&mut rest), Some(number));
            proptest::prop_assert_eq!(rest, &[behind]);
            proptest::prop_assert_eq!(unfolded(folded(number.cast_signed())), number.cast_signed());
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for bytes in [&[][..], &[0x80], &[0xFF; 11]] {
            assert_eq!(read(&mut &bytes[..]), None, "{bytes:?}");
        }
    }
}
