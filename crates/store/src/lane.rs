//! A few connections of one role, given out in the order of asking.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::StoreError;
use crate::session::{Address, Guarded, Session};
use crate::statement::Role;

/// How long a writer waits for a writer of another process.
pub(crate) const LOCK_WAIT: Duration = Duration::from_secs(30);

/// How long a transaction waits for its turn in this process; so one that was opened within
/// another ends in an error, not in a standstill.
const TURN_WAIT: Duration = Duration::from_secs(60);

/// The connections of one role.
pub(crate) struct Lane {
    role: Role,
    places: Semaphore,
    idle: Mutex<Vec<Session>>,
}

/// A turn: while it is held, its connection is one of the lane's.
pub(crate) struct Turn<'l> {
    lane: &'l Lane,
    _place: SemaphorePermit<'l>,
}

impl Lane {
    pub(crate) const fn new(role: Role, places: usize) -> Self {
        Self {
            role,
            places: Semaphore::const_new(places),
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Waits for a turn, first come first served.
    pub(crate) async fn turn(&self) -> Result<Turn<'_>, StoreError> {
        match tokio::time::timeout(TURN_WAIT, self.places.acquire()).await {
            Ok(Ok(place)) => Ok(Turn {
                lane: self,
                _place: place,
            }),
            _ => Err(StoreError::Busy),
        }
    }

    /// Ends the connections that are not in use.
    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        while let Some(session) = self.take_idle() {
            session.close().await?;
        }
        Ok(())
    }

    /// A connection that was used before, if there is one.
    pub(crate) fn take_idle(&self) -> Option<Session> {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }

    /// Keeps a connection, which stands outside any transaction, for the next turn.
    pub(crate) fn keep(&self, session: Session) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(session);
    }
}

impl Turn<'_> {
    /// A connection with a transaction begun.
    pub(crate) async fn begin(&self, address: &Address) -> Result<Guarded, StoreError> {
        let mut session = match self.lane.take_idle() {
            Some(mut session) => match session.alive().await {
                true => session,
                false => address.connect(self.lane.role).await?,
            },
            None => address.connect(self.lane.role).await?,
        };
        session.begin(self.lane.role).await?;
        Ok(Guarded::new(session, self.lane.role))
    }

    /// Ends the transaction: a success is committed, a failure rolled back. The connection is kept
    /// only when that went well; otherwise it is dropped, which rolls back what there is.
    pub(crate) async fn end<T, E>(self, mut work: Guarded, done: Result<T, E>) -> Result<T, E>
    where
        E: From<StoreError>,
    {
        let done = match done {
            Ok(value) => match work.finish() {
                Ok(session) => {
                    session.commit().await?;
                    self.lane.keep(work.into_session());
                    return Ok(value);
                }
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error),
        };
        let mut session = work.into_session();
        if session.rollback().await.is_ok() {
            self.lane.keep(session);
        }
        done
    }
}
