# opensearch-py: helpers.bulk.               usage: opensearch.py HOST:PORT COUNT
import sys

from opensearchpy import OpenSearch, helpers

host, port = sys.argv[1].split(":")
client = OpenSearch(
    hosts=[{"host": host, "port": int(port), "url_prefix": "/insert/elasticsearch"}], http_compress=True
)
actions = ({"_index": "logs", "n": n, "text": f"line {n} é"} for n in range(int(sys.argv[2])))
stored, errors = helpers.bulk(client, actions, chunk_size=200)
assert (stored, errors) == (int(sys.argv[2]), []), (stored, errors)
