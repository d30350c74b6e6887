//! What was rendered, kept for a moment: however many look, the same question is answered once.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use flate2::Compression;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use trunkline_model::time::Time;

use crate::assets::zip;

/// Questions that are kept at once; one more is answered and not kept.
const MOST: usize = 500;

/// A rendered part of a page.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The HTML.
    pub html: Arc<str>,
    /// The HTML, compressed by gzip: made once, however many look.
    pub gzip: Arc<[u8]>,
    /// Its entity tag, quotes included.
    pub tag: Arc<str>,
}

impl Rendered {
    /// Tags what was rendered by its content.
    pub(crate) fn new(html: String) -> Self {
        let mut tag = "\"".to_owned();
        for byte in Sha256::digest(&html).iter().take(12) {
            let _ = write!(tag, "{byte:02x}");
        }
        tag.push('"');
        Self {
            gzip: zip(html.as_bytes(), Compression::fast()).into(),
            html: html.into(),
            tag: tag.into(),
        }
    }
}

/// Answers by their question.
#[derive(Debug)]
pub struct Kept<T> {
    slots: Mutex<HashMap<String, Slot<T>>>,
}

#[derive(Debug)]
struct Slot<T> {
    asked: Time,
    fresh: i64,
    answer: Arc<OnceCell<T>>,
}

impl<T> Slot<T> {
    /// Whether it may still be shown; a clock that was set back makes nothing fresh.
    fn holds(&self, now: Time) -> bool {
        (0..self.fresh).contains(&now.0.saturating_sub(self.asked.0))
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            slots: Mutex::default(),
        }
    }
}

impl<T: Clone> Kept<T> {
    /// Gives the answer to a question that was asked at most `fresh` milliseconds ago, else that of
    /// `make`; who asks meanwhile waits for the same answer.
    pub async fn get(
        &self,
        question: String,
        now: Time,
        fresh: i64,
        make: impl Future<Output = T>,
    ) -> T {
        match self.slot(question, now, fresh) {
            Some(slot) => slot.get_or_init(|| make).await.clone(),
            None => make.await,
        }
    }

    /// Forgets all answers: what they tell of has changed.
    pub fn forget(&self) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.clear();
    }

    fn slot(&self, question: String, now: Time, fresh: i64) -> Option<Arc<OnceCell<T>>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(&question).filter(|slot| slot.holds(now)) {
            return Some(Arc::clone(&slot.answer));
        }
        slots.retain(|_, slot| slot.holds(now));
        if slots.len() >= MOST {
            return None;
        }
        let answer = Arc::default();
        let slot = Slot {
            asked: now,
            fresh,
            answer: Arc::clone(&answer),
        };
        slots.insert(question, slot);
        Some(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_crowd_is_answered_once_until_the_answer_is_old() {
        let (kept, made) = (Kept::default(), AtomicU32::new(0));
        let ask = |now| {
            let make = async {
                tokio::task::yield_now().await;
                made.fetch_add(1, Ordering::Relaxed)
            };
            kept.get("q".to_owned(), Time(now), 250, make)
        };
        let (a, b) = tokio::join!(ask(1_000), ask(1_001));
        assert_eq!((a, b), (0, 0));
        assert_eq!(ask(1_249).await, 0);
        assert_eq!(ask(1_250).await, 1);
        // The clock was set back.
        assert_eq!(ask(900).await, 2);
        kept.forget();
        assert_eq!(ask(900).await, 3);
    }

    #[tokio::test]
    async fn memory_is_bounded() {
        let kept = Kept::default();
        for number in 0..MOST + 10 {
            let got = kept.get(number.to_string(), Time(0), 250, async { number });
            assert_eq!(got.await, number);
        }
        assert_eq!(kept.slots.lock().unwrap().len(), MOST);
        let later = kept.get("later".to_owned(), Time(250), 250, async { 7 });
        assert_eq!(later.await, 7);
        assert_eq!(kept.slots.lock().unwrap().len(), 1);
    }

    #[test]
    fn equal_html_has_an_equal_tag() {
        let tag = |html: &str| Rendered::new(html.to_owned()).tag;
        assert_eq!(tag("<p>a"), tag("<p>a"));
        assert_ne!(tag("<p>a"), tag("<p>b"));
    }
}
