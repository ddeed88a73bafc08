//! Who is who: what a run does in the order of the records, so that it comes out the same however
//! many threads read them.

use std::collections::{HashMap, HashSet};
use std::sync::PoisonError;

use lazaret_pseudonym::{Linked, PersonId};

use super::Run;
use crate::IngestError;
use crate::harvest::Patient;
use crate::persons::{Known, Person};
use crate::report::FileReport;
use crate::rows::Rows;

impl Run<'_> {
    /// Links patients to persons, and leaves out the rows of a person's second record in tables
    /// that have one row a person.
    pub(super) fn link_patients(
        &mut self,
        file: &mut FileReport,
        patients: &[Patient],
        open: &mut [Rows],
    ) -> Result<(), IngestError> {
        let mut seconds = HashSet::new();
        let mut linked = HashMap::new();
        for patient in patients {
            let (person, is_second) = self.link(patient);
            linked.insert(patient.resource, person);
            if is_second {
                seconds.insert(patient.resource);
                self.report.persons.second_records += 1;
                if patient.rows > 0 {
                    file.accepted -= 1;
                    file.filtered += 1;
                }
            }
        }
        for rows in open {
            rows.relink(&linked);
            let table = self.pipeline.tables.get(rows.table);
            let one_row = table.is_some_and(|table| table.description.rows_per_person == 1);
            if one_row && !seconds.is_empty() {
                rows.without(&seconds)?;
            }
        }
        Ok(())
    }

    /// Links a patient's local id to the person: by its identifier, else as it was, else by the
    /// local id itself. Gives whether it is a second record of the person.
    fn link(&mut self, patient: &Patient) -> (PersonId, bool) {
        let own = &patient.own;
        let identities = self.shared.identities.write();
        let mut identities = identities.unwrap_or_else(PoisonError::into_inner);
        let known = identities.get(&own.token).filter(|_| !own.identified);
        let person = known.unwrap_or(own.person);
        let persons = &mut self.report.persons;
        persons.unidentified += u64::from(!own.identified);
        match identities.link(own.token, person) {
            Linked::New => persons.new += 1,
            Linked::Moved => persons.moved += 1,
            Linked::Same => {}
        }
        for alias in &own.aliases {
            let moved = identities.alias(*alias, person) == Linked::Moved;
            persons.moved += u64::from(moved);
        }
        (person, identities.is_second(&own.token))
    }

    /// Links persons for whom no `Patient` was read to the pseudonyms of what names them.
    pub(super) fn link_provisional(&mut self, provisional: &[Person]) {
        if provisional.is_empty() {
            return;
        }
        let identities = self.shared.identities.write();
        let mut identities = identities.unwrap_or_else(PoisonError::into_inner);
        for named in provisional {
            if identities.get(&named.token).is_some() {
                continue;
            }
            match named.known {
                Known::Yes => continue,
                Known::OnlyLocalId => identities.link(named.token, named.person),
                Known::OnlyIdentifier => identities.alias(named.token, named.person),
            };
            self.report.persons.provisional += 1;
        }
    }
}
