/// What Elasticsearch's and OpenSearch's clients and shippers want to hear before they send.
enum ElasticAnswers {
    /// The version whose bulk interface this is. Clients refuse servers that are older than themselves.
    static let info = """
        {"name":"weir","cluster_name":"weir","cluster_uuid":"weir","version":{"number":"8.9.0",\
        "build_flavor":"default","build_type":"tar","build_hash":"0","build_snapshot":false,\
        "lucene_version":"9.7.0","minimum_wire_compatibility_version":"7.17.0",\
        "minimum_index_compatibility_version":"7.0.0"},"tagline":"You Know, for Search"}
        """

    /// A licence that no shipper takes offence at.
    static let license = """
        {"license":{"status":"active","uid":"weir","type":"basic","issued_to":"weir",\
        "issuer":"weir","start_date_in_millis":-1,"max_nodes":1000}}
        """
}
