"""Answers requests with DuckDB over published Parquet: JSON in, JSON out."""

import json
import sys

import duckdb

asked = json.load(sys.stdin)
database = duckdb.connect()
# As the engine under test has it: whole numbers divide to whole numbers and by zero to NULL, which
# is the largest value,
# and clamp moves a value into its bounds and rounds it to units of its scale.
database.execute("SET integer_division = true")
database.execute("SET error_on_division_by_zero = false")
database.execute("SET default_null_order = 'nulls_last_on_asc_first_on_desc'")
database.execute(
    "CREATE MACRO clamp(x, low, high, digits) AS CASE WHEN x IS NOT NULL THEN "
    "round_even(greatest(least(x::DOUBLE, high), low) * 10 ** digits, 0) / 10 ** digits END"
)
database.execute(
    "CREATE MACRO width_bucket(x, low, high, bars) AS CASE WHEN x < low THEN 0 "
    "WHEN x >= high THEN bars + 1 "
    "ELSE least(CAST(floor((x - low) / (high - low) * bars) AS BIGINT) + 1, bars) END"
)
for name, table in asked["tables"].items():
    columns = ", ".join(f'"{column}"' for column in table["columns"])
    files = ", ".join("'" + path.replace("'", "''") + "'" for path in table["files"])
    database.execute(f'CREATE VIEW "{name}" AS SELECT {columns} FROM read_parquet([{files}])')

answers = {}
for request in asked["requests"]:
    rows = database.execute(request["sql"]).fetchall()
    answers[request["name"]] = [
        [cell if isinstance(cell, (bool, int, float, str, type(None))) else str(cell) for cell in row]
        for row in rows
    ]
json.dump(answers, sys.stdout)
