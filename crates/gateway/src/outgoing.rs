//! The only way a value becomes bytes for a researcher.

use lazaret_model::{Fault, Refusal};
use serde_json::json;

use crate::render::{csv, parquet, table};
use crate::{Card, GatewayError, Preview};

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Aligned, for people.
    Table,
    /// As the contract has it.
    Json,
    /// Columns `n`, `n_std_error`, `n_low95`, `n_high95`; hidden is empty.
    Csv,
    /// The same columns as CSV, with types and the card as metadata.
    Parquet,
}

/// What may leave: a release on its card, a refusal (and a preview, which is a refusal's sibling:
/// a function of text and permit), a fault. The trait is sealed, so nothing else ever can.
pub trait Outgoing: sealed::Sealed {
    /// The bytes.
    ///
    /// # Errors
    /// What cannot be written in this format.
    fn bytes(&self, format: Format) -> Result<Vec<u8>, GatewayError>;
}

mod sealed {
    /// Implemented here and nowhere else.
    pub trait Sealed {}
    impl Sealed for crate::Card {}
    impl Sealed for crate::Preview {}
    impl Sealed for lazaret_model::Refusal {}
    impl Sealed for lazaret_model::Fault {}
}

impl Outgoing for Card {
    fn bytes(&self, format: Format) -> Result<Vec<u8>, GatewayError> {
        match format {
            Format::Table => Ok(table(self).into_bytes()),
            Format::Json => json_line(self),
            Format::Csv => Ok(csv(self).into_bytes()),
            Format::Parquet => parquet(self),
        }
    }
}

impl Outgoing for Preview {
    fn bytes(&self, format: Format) -> Result<Vec<u8>, GatewayError> {
        match format {
            Format::Table | Format::Csv | Format::Parquet => Ok(self.to_string().into_bytes()),
            Format::Json => json_line(self),
        }
    }
}

impl Outgoing for Refusal {
    fn bytes(&self, format: Format) -> Result<Vec<u8>, GatewayError> {
        match format {
            Format::Json => json_line(&json!({ "refused": self })),
            _ => Ok(format!("{self}\n").into_bytes()),
        }
    }
}

impl Outgoing for Fault {
    fn bytes(&self, format: Format) -> Result<Vec<u8>, GatewayError> {
        match format {
            Format::Json => json_line(&json!({ "fault": self })),
            _ => Ok(format!("{self}\n").into_bytes()),
        }
    }
}

fn json_line(value: &impl serde::Serialize) -> Result<Vec<u8>, GatewayError> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}
