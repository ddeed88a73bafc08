//! HealthDCAT-AP record and quality label from published metadata.
