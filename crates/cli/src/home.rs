//! A home: its folder, configuration and keys, and the parts that are opened from them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use aws_lc_rs::rand;
use lazaret_gateway::{Apart, Desk, Limits};
use lazaret_lake::Lake;
use lazaret_ledger::{Cost, Ledger};
use lazaret_model::{Clock, DatasetName, PermitId, SnapshotId, SystemClock};
use lazaret_permit::{Country, Issuer, Office, SignedPermit, SigningKey, VerifyingKey};
use lazaret_pseudonym::{CentreKey, HolderKey, Pseudonymiser};
use lazaret_query::BoundingKey;
use lazaret_store::Store;

use crate::config::Config;
use crate::secret;

/// The first time slot of replies, where the configuration says nothing.
const REPLY_SLOT_SECONDS: u32 = 2;
/// The mark of a home that is not for real data.
const DEMO_MARK: &str = "DEMO-HOME";

/// An opened home.
pub(crate) struct Home {
    dir: PathBuf,
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The files of a home's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyFile {
    /// The holder's half of the pseudonyms.
    Holder,
    /// The trust centre's half.
    Centre,
    /// Reads the quarantine.
    Quarantine,
    /// Signs permits.
    Permit,
    /// Verifies permits.
    PermitPublic,
    /// Signs releases.
    Release,
    /// Verifies releases.
    ReleasePublic,
    /// Chooses groups and rows.
    Bounding,
}

impl KeyFile {
    /// The file's name in the folder of keys.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Holder => "holder.key",
            Self::Centre => "centre.key",
            Self::Quarantine => "quarantine.age",
            Self::Permit => "permit.pem",
            Self::PermitPublic => "permit.pub.pem",
            Self::Release => "release.pem",
            Self::ReleasePublic => "release.pub.pem",
            Self::Bounding => "bounding.key",
        }
    }
}

impl Home {
    /// Opens the home in a folder.
    pub(crate) fn open(dir: &Path) -> anyhow::Result<Self> {
        let config = Config::load(dir)?;
        Ok(Self {
            dir: dir.to_owned(),
            config,
            clock: Arc::new(SystemClock),
        })
    }

    /// Marks a home as one for made-up data.
    pub(crate) fn mark_demo(dir: &Path) -> anyhow::Result<()> {
        let text = "made by `lazaret init --demo`: no real record belongs here\n";
        std::fs::write(dir.join(DEMO_MARK), text).context("the mark of a demo home")
    }

    /// Whether the home is for made-up data.
    pub(crate) fn is_demo(&self) -> bool {
        self.dir.join(DEMO_MARK).exists()
    }

    /// Where a key is.
    pub(crate) fn key(&self, file: KeyFile) -> PathBuf {
        self.dir.join(&self.config.home.keys).join(file.name())
    }

    pub(crate) fn quarantine(&self) -> PathBuf {
        self.dir.join(&self.config.home.quarantine)
    }

    /// Reports of nights, for people and programs.
    pub(crate) fn reports(&self) -> PathBuf {
        self.dir.join("reports")
    }

    /// What Prometheus reads about the last nights.
    pub(crate) fn metrics(&self) -> PathBuf {
        self.dir.join("metrics").join("lazaret.prom")
    }

    /// Which local reference is which person, for later nights: tokens and pseudonyms only.
    pub(crate) fn identities(&self, pipeline: &str) -> PathBuf {
        self.dir.join("identity").join(format!("{pipeline}.run"))
    }

    pub(crate) async fn store(&self) -> anyhow::Result<Store> {
        let url = &self.config.home.store;
        let url = if url.contains("://") {
            url.clone()
        } else {
            format!("sqlite://{}", absolute(&self.dir.join(url))?.display())
        };
        Store::open(&url).await.context("the store")
    }

    pub(crate) fn lake(&self) -> anyhow::Result<Lake> {
        let url = &self.config.home.lake;
        let lake = if url.contains("://") {
            Lake::open(url)
        } else {
            let path = absolute(&self.dir.join(url))?;
            std::fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
            Lake::open(&path.display().to_string())
        };
        Ok(lake
            .context("the lake")?
            .with_spill(&self.dir.join("spill")))
    }

    pub(crate) async fn office(&self) -> anyhow::Result<Office> {
        Ok(Office::new(self.store().await?))
    }

    /// The access body as its permits name it.
    pub(crate) fn issuer(&self) -> anyhow::Result<Issuer> {
        let name = if self.is_demo() {
            "Demo health data access body"
        } else {
            "Health data access body"
        };
        Ok(Issuer {
            hdab_id: "HDAB".to_owned(),
            name: name.to_owned(),
            country: Country::new("FR")?,
            contact: String::new(),
        })
    }

    /// The two keys of the pseudonyms. Only a home that holds both roles can use them in one
    /// process.
    pub(crate) fn pseudonymiser(&self) -> anyhow::Result<Pseudonymiser> {
        let role = &self.config.home.role;
        if role != "all" {
            bail!(
                "a home of role `{role}` holds one of the two keys only; exchange with a trust \
                 centre is not there yet, so ingest runs in a home of role `all`"
            );
        }
        let holder = HolderKey::from_file(&self.key(KeyFile::Holder))?;
        Ok(Pseudonymiser::new(
            holder,
            CentreKey::from_file(&self.key(KeyFile::Centre))?,
        ))
    }

    pub(crate) fn signing_key(&self) -> anyhow::Result<SigningKey> {
        SigningKey::from_file(&self.key(KeyFile::Permit))
            .context("this home cannot sign permits: that is the access body's (role hdab or all)")
    }

    pub(crate) fn access_body(&self) -> anyhow::Result<VerifyingKey> {
        Ok(VerifyingKey::from_file(&self.key(KeyFile::PermitPublic))?)
    }

    /// Everything an answer needs.
    pub(crate) async fn desk(&self) -> anyhow::Result<Desk> {
        let store = self.store().await?;
        Ok(Desk {
            ledger: Ledger::new(store.clone()),
            lake: self.lake()?,
            access_body: self.access_body()?,
            release_key: SigningKey::from_file(&self.key(KeyFile::Release))?,
            bounding_key: BoundingKey::new(secret::key(&self.key(KeyFile::Bounding))?),
            clock: Arc::clone(&self.clock),
            draw: Arc::new(|| random().ok()),
            store,
        })
    }

    /// How this home's questions are answered apart, by a program that is this one.
    pub(crate) fn apart(&self, program: &Path) -> Apart {
        let query = self.config.query;
        let usual = if self.is_demo() {
            0
        } else {
            REPLY_SLOT_SECONDS
        };
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        Apart {
            program: program.to_owned(),
            arguments: vec!["--home".into(), self.dir.clone().into(), "answer".into()],
            spill: self.dir.join("spill"),
            limits: Limits {
                time_max: seconds(query.time_max_seconds),
                memory_bytes_max: u64::from(query.memory_max_mib) << 20,
                reply_slot: seconds(query.reply_slot_seconds.unwrap_or(usual)),
            },
        }
    }

    /// A permit by the id in this home's store, or by a file's name.
    pub(crate) async fn permit(&self, id_or_file: &str) -> anyhow::Result<SignedPermit> {
        if Path::new(id_or_file).is_file() {
            return Ok(SignedPermit::from_file(Path::new(id_or_file))?);
        }
        let id: PermitId = id_or_file.parse()?;
        let found = self.office().await?.permit(&id).await;
        Ok(found.with_context(|| format!("permit {id}"))?.signed)
    }

    /// Opens a dataset's cap, as lazaret.toml has it.
    pub(crate) async fn open_dataset(
        &self,
        dataset: &DatasetName,
        actor: &str,
    ) -> anyhow::Result<()> {
        let Some(part) = self.config.dataset.get(dataset) else {
            bail!(
                "dataset `{dataset}` has no cap: add [dataset.{dataset}] cap = {{ epsilon = 10, \
                 delta = 1e-6 }} to {}",
                self.dir.join(crate::config::FILE).display()
            );
        };
        let cap: Cost = lazaret_disclosure::cap(part.cap.epsilon, part.cap.delta)?;
        let ledger = Ledger::new(self.store().await?);
        ledger
            .open_dataset(dataset, cap, self.clock.now(), actor)
            .await?;
        Ok(())
    }

    /// A new snapshot's id: random, so it tells nothing.
    pub(crate) fn snapshot_id(&self) -> anyhow::Result<SnapshotId> {
        Ok(SnapshotId::new(format!("S-{}", hex(&random::<8>()?)))?)
    }
}

/// Random bytes of the system's generator.
pub(crate) fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0u8; N];
    rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system has no random bytes"))?;
    Ok(bytes)
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| path.display().to_string())
}
