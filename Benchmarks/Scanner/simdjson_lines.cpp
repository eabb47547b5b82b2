// The peer of `weir-bench`: simdjson doing the same work on the same lines, one thread, data in memory.
//
//     simdjson_lines RUNS KIND FILE [KIND FILE]…      KIND: house caddy nginx postgresql random
//
// Prints `file<TAB>work<TAB>GB/s<TAB>checksum`, the best of RUNS runs by CPU time. Works:
//
//     five     On-Demand: time as int64 nanoseconds, level, endpoint, duration as double, status as integer
//     visit    On-Demand: every field, recursively: key and value as raw views; arrays stay one raw value
//     values   On-Demand: every field, strings unescaped, numbers converted
//     dom      DOM: every line parsed into the tape
#include <simdjson.h>
#if __has_include(<simdjson.cpp>)
#include <simdjson.cpp>
#endif

#include <time.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

using namespace simdjson;

namespace {

struct Fields {
    const char *time, *level, *endpoint, *endpoint_parent, *duration, *status;
    bool time_is_number, duration_is_seconds, duration_in_message;
};

Fields fields_of(const std::string &kind) {
    if (kind == "caddy") {
        return {"ts", "level", "uri", "request", "duration", "status", true, true, false};
    }
    if (kind == "nginx") {
        return {"time", nullptr, "request_uri", nullptr, "request_time", "status", false, true, false};
    }
    if (kind == "postgresql") {
        return {"timestamp", "error_severity", nullptr, nullptr, "message", nullptr, false, false, true};
    }
    return {"timestamp", "level", "endpoint", nullptr, "duration_ms", "status_code", false, false, false};
}

double cpu_seconds() {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}

inline int two(const char *p) { return (p[0] - '0') * 10 + (p[1] - '0'); }

/// RFC 3339, `T` or a space, a fraction of any length, `Z`, ` UTC` or an offset; −1 for anything else.
int64_t parse_time(std::string_view s) {
    if (s.size() < 20) { return -1; }
    const char *p = s.data();
    for (int i : {0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18}) {
        if (uint8_t(p[i] - '0') > 9) { return -1; }
    }
    if (p[4] != '-' || p[7] != '-' || p[13] != ':' || p[16] != ':') { return -1; }
    int year = two(p) * 100 + two(p + 2), month = two(p + 5), day = two(p + 8);
    year -= month <= 2;
    const int era = year / 400, of_era = year - era * 400;
    const int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const int64_t days =
        int64_t(era) * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
    int64_t seconds = days * 86400 + two(p + 11) * 3600 + two(p + 14) * 60 + two(p + 17);
    size_t i = 19;
    int64_t fraction = 0;
    if (p[i] == '.' || p[i] == ',') {
        int digits = 0;
        for (i++; i < s.size() && uint8_t(p[i] - '0') <= 9; i++) {
            if (digits < 9) { fraction = fraction * 10 + (p[i] - '0'), digits++; }
        }
        for (; digits < 9; digits++) { fraction *= 10; }
    }
    if (s.size() == i + 6 && (p[i] == '+' || p[i] == '-')) {
        const int64_t offset = two(p + i + 1) * 3600 + two(p + i + 4) * 60;
        seconds -= p[i] == '-' ? -offset : offset;
    } else if (!(s.size() == i + 1 && p[i] == 'Z') && s.substr(i) != " UTC") {
        return -1;
    }
    return seconds * 1000000000 + fraction;
}

template <typename Object>
simdjson_inline void five(Object &object, const Fields &f, uint64_t &sum) {
    std::string_view text;
    double number;
    int64_t whole;
    if (f.time_is_number) {
        if (!object[f.time].get_double().get(number)) { sum += uint64_t(int64_t(number * 1e9)); }
        if (!object[f.level].get_string().get(text)) { sum += text.size(); }
    } else {
        if (!object[f.time].get_string().get(text)) { sum += uint64_t(parse_time(text)); }
        if (f.level && !object[f.level].get_string().get(text)) { sum += text.size(); }
    }
    if (f.duration_in_message) {
        if (!object[f.duration].get_string().get(text) && text.substr(0, 10) == "duration: ") {
            sum += uint64_t(strtod(text.data() + 10, nullptr));
        }
        return;
    }
    if (f.endpoint_parent) {
        ondemand::object parent;
        if (!object[f.endpoint_parent].get_object().get(parent)
            && !parent[f.endpoint].get_string().get(text)) {
            sum += text.size();
        }
    } else if (!object[f.endpoint].get_string().get(text)) {
        sum += text.size();
    }
    // nginx and random lines do not have these in this order; On-Demand wraps around.
    if (!object[f.duration].get_double().get(number)) {
        sum += uint64_t(f.duration_is_seconds ? number * 1e3 : number);
    }
    if (!object[f.status].get_int64().get(whole)) { sum += uint64_t(whole); }
}

struct Visitor {
    bool convert;
    uint64_t sum = 0, count = 0;
    bool failed = false;

    void object(ondemand::object o) {
        for (auto field : o) {
            ondemand::field member;
            if (std::move(field).get(member)) { failed = true; return; }
            if (convert) {
                std::string_view key;
                if (member.unescaped_key().get(key)) { failed = true; return; }
                sum += key.size();
            } else {
                sum += member.escaped_key().size();
            }
            value(member.value());
        }
    }

    void value(ondemand::value v) {
        ondemand::json_type type;
        if (v.type().get(type)) { failed = true; return; }
        count++;
        std::string_view raw;
        if (type == ondemand::json_type::object) {
            ondemand::object inner;
            if (v.get_object().get(inner)) { failed = true; return; }
            object(inner);
        } else if (type == ondemand::json_type::array) {
            if (v.raw_json().get(raw)) { failed = true; return; }
            sum += raw.size();
        } else if (!convert) {
            // The view of a token costs nothing and checks nothing; `raw_json` moves past it.
            if (v.raw_json().get(raw)) { failed = true; return; }
            sum += raw.size();
        } else if (type == ondemand::json_type::string) {
            if (v.get_string().get(raw)) { failed = true; return; }
            sum += raw.size();
        } else if (type == ondemand::json_type::number) {
            ondemand::number n;
            if (v.get_number().get(n)) { failed = true; return; }
            sum += uint64_t(int64_t(n.as_double()));
        } else if (type == ondemand::json_type::boolean) {
            bool b;
            if (v.get_bool().get(b)) { failed = true; return; }
            sum += b;
        } else {
            bool b;
            if (v.is_null().get(b)) { failed = true; return; }
        }
    }
};

struct Result { uint64_t sum = 0; bool failed = false; };

Result run_work(const std::string &work, const padded_string &data, const Fields &f, size_t batch) {
    Result result;
    if (work == "dom") {
        dom::parser parser;
        dom::document_stream lines;
        if (parser.parse_many(data, batch).get(lines)) { return {0, true}; }
        for (auto line : lines) {
            dom::element element;
            if (line.get(element)) { result.failed = true; break; }
            result.sum += element.is_object();
        }
        return result;
    }
    ondemand::parser parser;
    ondemand::document_stream lines;
    if (parser.iterate_many(data, batch).get(lines)) { return {0, true}; }
    Visitor visitor{work == "values"};
    for (auto line : lines) {
        ondemand::object object;
        if (line.get_object().get(object)) { result.failed = true; break; }
        if (work == "five") { five(object, f, result.sum); } else { visitor.object(object); }
    }
    if (work != "five") { result.sum = visitor.sum; }
    result.failed |= visitor.failed;
    return result;
}

}  // namespace

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: simdjson_lines RUNS KIND FILE [KIND FILE]...\n");
        return 2;
    }
    const int runs = atoi(argv[1]);
    fprintf(stderr, "simdjson %s, %s\n", SIMDJSON_VERSION, builtin_implementation()->name().c_str());
    for (int i = 2; i + 1 < argc; i += 2) {
        const std::string kind = argv[i], path = argv[i + 1];
        padded_string data;
        if (padded_string::load(path).get(data)) {
            fprintf(stderr, "%s: cannot be read\n", path.c_str());
            return 1;
        }
        const std::string name = path.substr(path.rfind('/') + 1);
        for (const char *work : {"five", "visit", "values", "dom"}) {
            double best = 1e9;
            Result result;
            // A batch of 1 MB stays in the cache, a larger one has fewer seams: whichever is faster counts.
            for (size_t batch : {size_t(1) << 20, size_t(16) << 20}) {
                for (int run = 0; run < runs; run++) {
                    const double start = cpu_seconds();
                    result = run_work(work, data, fields_of(kind), batch);
                    const double seconds = cpu_seconds() - start;
                    if (seconds < best) { best = seconds; }
                }
            }
            printf("%s\t%s\t%.3f\t%llu%s\n", name.c_str(), work, double(data.size()) / best * 1e-9,
                   (unsigned long long)result.sum, result.failed ? "\tFAILED" : "");
            fflush(stdout);
        }
    }
    return 0;
}
