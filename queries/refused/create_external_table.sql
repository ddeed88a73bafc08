-- No file is opened.
-- refused: not_granted: ?
CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 'lake'
