log-heading = Log
log-none = Nothing was said yet.
