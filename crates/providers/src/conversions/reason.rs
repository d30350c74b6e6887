//! Why a conversion is not sent.

use std::fmt;

/// Why a destination would not take a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It has no name there.
    NoAction,
    /// No click of this advertiser brought it.
    NoClickId,
    /// Its click id has characters or a length that no click id has.
    BadClickId,
    /// The visitor's id there is not known.
    NoClientId,
    /// The visitor's id there has a form that no such id has.
    BadClientId,
    /// The contact's number is not known.
    NoPhone,
    /// The number is masked.
    MaskedPhone,
    /// It came from no call.
    NoCall,
    /// The call goes on.
    OpenCall,
    /// It happened before the call that it is said to have come from.
    BeforeCall,
    /// It happened before its click.
    BeforeClick,
    /// It, or its click, is older than the destination takes.
    TooOld,
    /// Its click is younger than the destination knows clicks.
    TooFresh,
    /// It is in the future.
    Future,
    /// Its value has no currency.
    NoCurrency,
    /// Its currency is none of ISO 4217.
    BadCurrency,
    /// Its value is below nothing.
    BadValue,
    /// The visitor did not agree.
    NoConsent,
}

impl Reason {
    /// Gives its stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoAction => "no_action",
            Self::NoClickId => "no_click_id",
            Self::BadClickId => "bad_click_id",
            Self::NoClientId => "no_client_id",
            Self::BadClientId => "bad_client_id",
            Self::NoPhone => "no_phone",
            Self::MaskedPhone => "masked_phone",
            Self::NoCall => "no_call",
            Self::OpenCall => "open_call",
            Self::BeforeCall => "before_call",
            Self::BeforeClick => "before_click",
            Self::TooOld => "too_old",
            Self::TooFresh => "too_fresh",
            Self::Future => "future",
            Self::NoCurrency => "no_currency",
            Self::BadCurrency => "bad_currency",
            Self::BadValue => "bad_value",
            Self::NoConsent => "no_consent",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAction => "has no name there: give one with --action",
            Self::NoClickId => "was brought by no click of this advertiser",
            Self::BadClickId => "its click id is none",
            Self::NoClientId => "the visitor's id there is not known",
            Self::BadClientId => "the visitor's id there is none",
            Self::NoPhone => "the contact's number is not known",
            Self::MaskedPhone => "the number is masked: give a token with the scope read:phones",
            Self::NoCall => "came from no call",
            Self::OpenCall => "the call goes on",
            Self::BeforeCall => "happened before its call was over",
            Self::BeforeClick => "happened before its click",
            Self::TooOld => "is older than is taken there",
            Self::TooFresh => "its click is not known there yet: a later run sends it",
            Self::Future => "is in the future",
            Self::NoCurrency => "has a value without a currency",
            Self::BadCurrency => "its currency is none of ISO 4217",
            Self::BadValue => "its value is below nothing",
            Self::NoConsent => "the visitor did not agree to it",
        })
    }
}
