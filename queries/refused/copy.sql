-- Nothing is copied out.
-- refused: not_granted: ?
COPY person TO 'out.parquet'
