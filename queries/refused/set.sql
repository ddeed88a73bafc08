-- Settings are not a question.
-- refused: not_granted: ?
SET datafusion.execution.batch_size = 1
