# opentelemetry-exporter-otlp-proto-http.    usage: otlp.py HOST:PORT COUNT
import logging
import sys

from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

provider = LoggerProvider(resource=Resource.create({"service.name": "shop"}))
set_logger_provider(provider)
exporter = OTLPLogExporter(endpoint="http://" + sys.argv[1] + "/v1/logs", compression=Compression.Gzip)
provider.add_log_record_processor(BatchLogRecordProcessor(exporter, max_queue_size=1 << 16))
logger = logging.getLogger("shop")
logger.setLevel(logging.INFO)
logger.propagate = False
logger.addHandler(LoggingHandler(logger_provider=provider))
for n in range(int(sys.argv[2])):
    logger.info("line %d é", n, extra={"n": n})
provider.shutdown()
