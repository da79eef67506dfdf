namespace Sandbox.Storage.Redis;

/// <summary>
/// All scripts. Each runs alone on the server, so what it compares is what it writes over.
/// <para><c>KEYS</c>: 1 <c>alive:{id}</c>, 2 <c>timeout:{id}</c>, 3 <c>gone:{id}</c> (the version that was evicted, for a
/// minute). Values begin with <c>{"version":N,</c>; a script reads nothing else of them.</para>
/// <para><b>Why nothing stale comes back.</b> A write names the version of the record that it is about, and one that finds a
/// later version in any of the three keys does nothing: so a process that was paused between its commit and its write
/// brings nothing back over what others wrote or evicted meanwhile. A flush (or a restart without persistence) forgets the
/// versions too, and a paused write may then put an old entry into the empty store. It is garbage, not a danger: readers
/// name the version that the record has, which is never an old one, and do not find it; the next write of that sandbox
/// replaces it (it is older than <c>since</c>), and otherwise it expires.</para>
/// </summary>
internal static class RedisScripts
{
    private const string Late = """
        local function version(key)
            local value = redis.call('GET', key)
            return value and tonumber(string.match(value, '^{"version":(%d+)')) or 0
        end
        local mine = tonumber(ARGV[1])
        local gone = tonumber(redis.call('GET', KEYS[3]) or 0)
        if gone > mine or version(KEYS[1]) > mine or version(KEYS[2]) > mine then
            return ''
        end

        """;

    /// <summary>
    /// ARGV: 1 version, 2 since, 3 the entry that the writer merged over ('': none), 4 the new entry, 5 the new timeout, 6 life in ms.
    /// Answers '' when it is done or too late, else the entry that is there, to be merged over. An entry before <c>since</c>
    /// is another life's and is replaced.
    /// </summary>
    public const string Put = Late + """
        local there = redis.call('GET', KEYS[1])
        if there and there ~= ARGV[3] and version(KEYS[1]) >= tonumber(ARGV[2]) then
            return there
        end
        redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[6])
        redis.call('SET', KEYS[2], ARGV[5], 'PX', ARGV[6])
        return ''
        """;

    /// <summary>ARGV: 1 version, 2 the new timeout, 3 life in ms.</summary>
    public const string PutTimeout = Late + """
        redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
        redis.call('PEXPIRE', KEYS[1], ARGV[3])
        return ''
        """;

    /// <summary>ARGV: 1 version.</summary>
    public const string Remove = Late + """
        redis.call('DEL', KEYS[1], KEYS[2])
        redis.call('SET', KEYS[3], ARGV[1], 'EX', 60)
        return ''
        """;
}
