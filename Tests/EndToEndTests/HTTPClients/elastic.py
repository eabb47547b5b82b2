# elasticsearch-py: helpers.bulk.            usage: elastic.py HOST:PORT COUNT
import sys

from elasticsearch import Elasticsearch, helpers

client = Elasticsearch("http://" + sys.argv[1] + "/insert/elasticsearch")
actions = ({"_op_type": "create", "_index": "logs", "_source": {"n": n, "text": f"line {n} é"}} for n in range(int(sys.argv[2])))
stored, errors = helpers.bulk(client, actions, chunk_size=200)
assert (stored, errors) == (int(sys.argv[2]), []), (stored, errors)
