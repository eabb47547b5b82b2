-- Load for the two web servers: wrk -s load.lua URL [-- PAUSE_MS]
--
-- Methods, paths, queries, agents, referrers and client addresses vary as in a real access log,
-- scanners included. With PAUSE_MS each connection waits up to that long between two requests.

local pause = 0

local function pick(list)
    return list[math.random(#list)]
end

local agents = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) " ..
        "Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) " ..
        "Version/17.6 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:134.0) Gecko/20100101 Firefox/134.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 " ..
        "(KHTML, like Gecko) Version/18.2 Mobile/15E148 Safari/604.1",
    "curl/7.88.1",
    "python-requests/2.32.3",
    "Go-http-client/1.1",
    "kube-probe/1.31",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "acme-client \"nightly\" \\ caf\195\169",
}
local referrers = {
    "https://app.example.com/dashboard", "https://app.example.com/workflows?tab=recent",
    "https://www.example.com/", "https://docs.example.com/guide/d%C3%A9marrage",
}
local words = {
    "invoice", "caf%C3%A9", "q1+report", "%22exact%20phrase%22", "node", "r%C3%A9sum%C3%A9",
}
local scans = { "/wp-login.php", "/.env", "/.git/config", "/phpmyadmin/index.php", "/xmlrpc.php",
    "/cgi-bin/luci", "/owa/auth/logon.aspx", "/actuator/health" }

local function identifier()
    return math.floor(math.random() ^ 3 * 5000) + 1
end

local function hex(length)
    local digits = {}
    for i = 1, length do
        digits[i] = string.format("%x", math.random(0, 15))
    end
    return table.concat(digits)
end

-- Shares out of 1000, and what each share asks for.
local requests = {
    { 230, function() return "GET", "/api/v1/workflows/" .. identifier() end },
    { 130, function() return "POST", "/api/v1/workflows/" .. identifier() .. "/execute" end },
    { 110, function() return "GET", "/api/v1/users/" .. identifier() .. "/profile" end },
    { 90, function()
        return "GET", "/api/v1/search?q=" .. pick(words) .. "&page=" .. math.random(9)
    end },
    { 60, function() return "PUT", "/api/v1/documents/" .. hex(8) .. "-" .. hex(4) end },
    { 30, function() return "DELETE", "/api/v1/sessions/" .. hex(16) end },
    { 110, function() return "GET", "/static/app-" .. math.random(12) .. ".js" end },
    { 60, function() return "GET", "/static/page-" .. math.random(12) .. ".html" end },
    { 40, function() return "OPTIONS", "/api/v1/workflows/" .. identifier() end },
    { 40, function() return "GET", "/health" end },
    { 25, function() return "GET", "/old/page-" .. math.random(30) end },
    { 15, function() return "GET", "/private/report-" .. math.random(40) .. ".pdf" end },
    { 10, function() return "GET", "/admin/" end },
    { 20, function() return "GET", pick(scans) end },
    { 10, function() return "GET", "/api/v1/missing/" .. identifier() end },
    { 6, function() return "GET", "/api/v1/error/" .. identifier() end },
    { 4, function() return "POST", "/api/v1/crash" end },
    { 4, function() return "GET", "/api/v1/slow?report=" .. identifier() end },
    { 6, function() return "GET", "/legacy/inventory/" .. identifier() end },
}

function init(arguments)
    pause = tonumber(arguments[1] or "0")
    math.randomseed(os.time())
end

function delay()
    return math.random(0, pause)
end

function request()
    local share = math.random(1000)
    local method, path = "GET", "/"
    for _, entry in ipairs(requests) do
        share = share - entry[1]
        if share <= 0 then
            method, path = entry[2]()
            break
        end
    end
    local headers = {
        ["User-Agent"] = pick(agents),
        ["X-Forwarded-For"] = "203.0.113." .. math.floor(math.random() ^ 2 * 253 + 1),
        ["X-Request-Id"] = hex(32),
        ["Accept"] = pick({ "*/*", "application/json", "text/html,application/xhtml+xml" }),
    }
    if math.random() < 0.5 then headers["Referer"] = pick(referrers) end
    if math.random() < 0.4 then headers["Accept-Encoding"] = "gzip, deflate" end
    if math.random() < 0.2 then headers["Authorization"] = "Bearer " .. hex(24) end
    if math.random() < 0.2 then headers["Cookie"] = "session=" .. hex(20) end
    if path:find("^/static") and math.random() < 0.4 then
        headers["If-Modified-Since"] = "Fri, 31 Dec 2038 00:00:00 GMT"
    end
    local body = nil
    if method == "POST" or method == "PUT" then
        headers["Content-Type"] = "application/json"
        body = '{"value":"' .. string.rep("a", math.random(1, 400)) .. '"}'
    end
    return wrk.format(method, path, headers, body)
end
