//! How far an event is vouched for.

use crate::word::words;

words! {
    /// How far what an event says is vouched for: the verdict of the door it came through, never part
    /// of what the event says. The later ones are weaker.
    #[derive(Default)]
    Integrity {
        /// By a signature over all of it, or a token of ours.
        #[default]
        Verified = "verified",
        /// By a signature that leaves something out, or by a shared secret alone.
        Weak = "weak",
        /// By nothing but where it came from.
        Unverified = "unverified",
    }
}
