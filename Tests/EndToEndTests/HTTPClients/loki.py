# python-logging-loki: LokiHandler.          usage: loki.py HOST:PORT COUNT
import logging
import sys

import logging_loki

handler = logging_loki.LokiHandler(
    url="http://" + sys.argv[1] + "/loki/api/v1/push", tags={"service": "shop"}, version="1"
)
logger = logging.getLogger("shop")
logger.setLevel(logging.INFO)
logger.addHandler(handler)
for n in range(int(sys.argv[2])):
    logger.info("line %d é", n, extra={"tags": {"n": str(n)}})
