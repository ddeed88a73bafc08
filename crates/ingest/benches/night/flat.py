"""Three flat tables of a bulk export by DuckDB: `flat.py columns|paths FOLDER OUT THREADS`.

Patient, Condition and Observation with the columns of pipelines/fhir-r4, to Parquet with zstd;
nothing is pseudonymised, checked, sorted or committed. `columns` names the fields to read_json,
the fastest form: one pass, and what is not named is skipped. `paths` takes each column from the
record's text by a JSON path, as hand-written queries do. Prints one line of JSON.
"""
import json
import os
import resource
import sys
import threading
import time

import duckdb


def anon_kib():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))


class Peak(threading.Thread):
    """The peak of resident anonymous memory, sampled every 20 ms."""

    def __init__(self):
        super().__init__(daemon=True)
        self.kib = 0

    def run(self):
        while True:
            self.kib = max(self.kib, anon_kib())
            time.sleep(0.02)


CODED = 'STRUCT(coding STRUCT("system" VARCHAR, code VARCHAR)[])'
QUANTITY = 'STRUCT("value" DOUBLE, code VARCHAR)'
REFERENCE = "STRUCT(reference VARCHAR)"
VALUE = {"code": CODED, "valueQuantity": QUANTITY, "valueCodeableConcept": CODED}
FIELDS = {
    "Patient": {
        "id": "VARCHAR", "gender": "VARCHAR", "birthDate": "VARCHAR",
        "address": "STRUCT(postalCode VARCHAR, country VARCHAR, state VARCHAR)[]",
        "deceasedDateTime": "VARCHAR", "deceasedBoolean": "BOOLEAN",
    },
    "Condition": {
        "subject": REFERENCE, "encounter": REFERENCE, "code": CODED, "category": CODED + "[]",
        "clinicalStatus": CODED, "recordedDate": "VARCHAR", "onsetDateTime": "VARCHAR",
        "abatementDateTime": "VARCHAR",
    },
    "Observation": {
        "subject": REFERENCE, "encounter": REFERENCE, "category": CODED + "[]",
        "status": "VARCHAR", "effectiveDateTime": "VARCHAR", **VALUE,
        "component": "STRUCT(" + ", ".join(f"{n} {t}" for n, t in VALUE.items()) + ")[]",
    },
}
COLUMNS = {
    "Patient": """
        SELECT id AS person_id, gender AS sex, left(birthDate, 4)::INT AS birth_year,
            address[1].postalCode AS postcode, address[1].country AS country,
            address[1].state AS state,
            deceasedDateTime IS NOT NULL OR coalesce(deceasedBoolean, false) AS deceased,
            left(deceasedDateTime, 4)::INT AS deceased_year
        FROM records""",
    "Condition": """
        SELECT subject.reference[9:] AS person_id, encounter.reference[11:] AS encounter_id,
            code.coding[1]."system" AS code_system, code.coding[1].code AS code,
            category[1].coding[1].code AS category,
            clinicalStatus.coding[1].code AS clinical_status,
            left(recordedDate, 10)::DATE AS recorded_date,
            left(onsetDateTime, 10)::DATE AS onset_date,
            left(abatementDateTime, 10)::DATE AS abatement_date
        FROM records""",
    # Components are rows of their own, in the same pass.
    "Observation": """
        SELECT person_id, encounter_id, category, status, effective_date, component_of,
            v.code.coding[1]."system" AS code_system, v.code.coding[1].code AS code,
            v.valueQuantity."value" AS value_number, v.valueQuantity.code AS value_unit,
            v.valueCodeableConcept.coding[1].code AS value_code
        FROM (
            SELECT subject.reference[9:] AS person_id, encounter.reference[11:] AS encounter_id,
                category[1].coding[1].code AS category, status,
                left(effectiveDateTime, 10)::DATE AS effective_date,
                CASE WHEN component IS NOT NULL THEN code.coding[1].code END AS component_of,
                unnest(list_prepend({'code': code, 'valueQuantity': valueQuantity,
                    'valueCodeableConcept': valueCodeableConcept}, component)) AS v
            FROM records)""",
}
PATHS = {
    "Patient": """
        SELECT json->>'$.id' AS person_id, json->>'$.gender' AS sex,
            left(json->>'$.birthDate', 4)::INT AS birth_year,
            json->>'$.address[0].postalCode' AS postcode,
            json->>'$.address[0].country' AS country, json->>'$.address[0].state' AS state,
            (json->>'$.deceasedDateTime') IS NOT NULL
                OR coalesce((json->>'$.deceasedBoolean')::BOOLEAN, false) AS deceased,
            left(json->>'$.deceasedDateTime', 4)::INT AS deceased_year
        FROM records""",
    "Condition": """
        SELECT (json->>'$.subject.reference')[9:] AS person_id,
            (json->>'$.encounter.reference')[11:] AS encounter_id,
            json->>'$.code.coding[0].system' AS code_system,
            json->>'$.code.coding[0].code' AS code,
            json->>'$.category[0].coding[0].code' AS category,
            json->>'$.clinicalStatus.coding[0].code' AS clinical_status,
            left(json->>'$.recordedDate', 10)::DATE AS recorded_date,
            left(json->>'$.onsetDateTime', 10)::DATE AS onset_date,
            left(json->>'$.abatementDateTime', 10)::DATE AS abatement_date
        FROM records""",
    "Observation": """
        SELECT person_id, encounter_id, category, status, effective_date, component_of,
            v->>'$.code.coding[0].system' AS code_system, v->>'$.code.coding[0].code' AS code,
            (v->>'$.valueQuantity.value')::DOUBLE AS value_number,
            v->>'$.valueQuantity.code' AS value_unit,
            v->>'$.valueCodeableConcept.coding[0].code' AS value_code
        FROM (
            SELECT (json->>'$.subject.reference')[9:] AS person_id,
                (json->>'$.encounter.reference')[11:] AS encounter_id,
                json->>'$.category[0].coding[0].code' AS category, json->>'$.status' AS status,
                left(json->>'$.effectiveDateTime', 10)::DATE AS effective_date,
                CASE WHEN (json->'$.component') IS NOT NULL
                    THEN json->>'$.code.coding[0].code' END AS component_of,
                unnest(list_prepend(json, json->'$.component[*]')) AS v
            FROM records)""",
}


def records(form, folder, kind):
    files = f"'{folder}/{kind}.*.ndjson'"
    if form == "paths":
        return f"read_ndjson_objects({files})"
    named = ", ".join(f"'{name}': '{type_}'" for name, type_ in FIELDS[kind].items())
    return f"read_json({files}, format = 'newline_delimited', columns = {{{named}}})"


def main():
    form, folder, out, threads = sys.argv[1:5]
    tables = {"columns": COLUMNS, "paths": PATHS}[form]
    peak = Peak()
    peak.start()
    used = resource.getrusage(resource.RUSAGE_SELF)
    begun = time.perf_counter()
    connection = duckdb.connect(config={"threads": int(threads)})
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET enable_progress_bar = false")
    rows = 0
    for kind, select in tables.items():
        select = select.replace("FROM records", f"FROM {records(form, folder, kind)}")
        to = f"'{out}/{kind}.parquet' (FORMAT parquet, COMPRESSION zstd)"
        rows += connection.execute(f"COPY ({select}) TO {to}").fetchone()[0]
    seconds = time.perf_counter() - begun
    now = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "version": duckdb.__version__,
        "seconds": seconds,
        "cpu_seconds": now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime,
        "anon_peak_bytes": max(peak.kib, anon_kib()) << 10,
        "rows": rows,
        "lake_bytes": sum(os.path.getsize(f"{out}/{kind}.parquet") for kind in tables),
    }))


main()
