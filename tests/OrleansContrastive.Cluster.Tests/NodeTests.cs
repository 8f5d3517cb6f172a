using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using OrleansContrastive.Cluster.Tests.Harness;
using OrleansContrastive.Tests.Shared;

namespace OrleansContrastive.Cluster.Tests;

/// <summary>The executable alone: its options, its self-test, its health endpoints and its end.</summary>
public sealed partial class NodeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("There is no option '--stoer'", "--store", "--stoer", "x")]
    [InlineData("Store:Address is not set", "--store ADDRESS", "--roles", "all")]
    [InlineData("'s3://bucket' is no address of a store", "https://ACCOUNT.blob.core.windows.net/CONTAINER", "--store", "s3://bucket")]
    [InlineData("There is no role 'encodr'", "augmentation, encoder, key", "--store", "s", "--roles", "encodr")]
    [InlineData("Worker:Device is 'gpu'", "expected cpu, cuda", "--store", "s", "--device", "gpu")]
    [InlineData("Endpoints:SiloPort is 70000", "0 for a free port", "--store", "s", "--silo-port", "70000")]
    [InlineData("Endpoints:Advertise is 0.0.0.0", "Endpoints:ListenOnAny", "--store", "s", "--advertise", "0.0.0.0")]
    [InlineData("Worker:Lanes is 'two'", "expected a whole number", "--store", "s", "--lanes", "two")]
    [InlineData("Worker:Lane is no option", "Lanes", "--store", "s", "--Worker:Lane", "1")]
    [InlineData("Membership:ProbeTimeout is 00:00:00.0010000", "0.1 s", "--store", "s", "--Membership:ProbeTimeout", "00:00:00.001")]
    [InlineData("There is no section 'Wroker'", "Store, Cluster", "--store", "s", "--Wroker:Lanes", "1")]
    [InlineData("Log:Levle is no option", "Level", "--store", "s", "--Log:Levle", "Debug")]
    [InlineData("Log:Format is 'xml'", "human or json", "--store", "s", "--log", "xml")]
    public async Task Wrong_options_end_the_start_with_what_is_wrong_and_what_is_right(string wrong, string right, params string[] arguments)
    {
        var (exit, error) = await RunToItsEndAsync(arguments);

        Assert.Equal(2, exit);
        Assert.Contains(wrong, error, StringComparison.Ordinal);
        Assert.Contains(right, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_that_is_not_there_ends_the_start_before_the_cluster_is_joined()
    {
        using var folder = new TemporaryFolder();
        var (exit, error) = await RunToItsEndAsync("--store", folder["store"], "--device", "cuda:7", "--roles", "encoder");

        Assert.Equal(1, exit);
        Assert.Contains("cuda:7", error, StringComparison.Ordinal);
        Assert.Contains("CUDA devices here", error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path, "membership.json", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Without_a_role_that_needs_it_the_device_does_not_matter()
    {
        await using var cluster = new TestCluster();
        var silo = await cluster.StartAsync("shards", "negatives,parameters", "--device", "cuda:7");
        await silo.StopAsync(Token);
        Assert.Equal(0, silo.ExitCode);
    }

    [Fact]
    public async Task A_silo_that_the_others_cannot_reach_does_not_join()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync("first", "all");
        // A port that leads elsewhere: here to somebody who does not know the silo's number.
        using var elsewhere = new TcpListener(IPAddress.Loopback, 0);
        elsewhere.Start();
        var answering = AnswerWithNonsenseAsync(elsewhere);
        var port = ((IPEndPoint)elsewhere.LocalEndpoint).Port;
        var second = cluster.Launch("second", "all", "--silo-port", $"{port}", "--Endpoints:ListenSiloPort", $"{LoopbackPorts.Take(1)[0]}");
        await second.EndedAsync(Token).WaitAsync(TimeSpan.FromMinutes(2), Token);
        elsewhere.Stop();
        await answering;

        Assert.Equal(1, second.ExitCode);
        Assert.Contains($"something else answers at 127.0.0.1:{port}", second.Tail, StringComparison.Ordinal);
        Assert.Contains("Endpoints:Advertise", second.Tail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        await using var cluster = new TestCluster();
        await cluster.StartAsync("first", "all");
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var second = cluster.Launch("second", "all", "--silo-port", $"{((IPEndPoint)taken.LocalEndpoint).Port}");
        await second.EndedAsync(Token);

        Assert.Equal(1, second.ExitCode);
        Assert.Contains($"cannot listen at {taken.LocalEndpoint}", second.Tail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_says_ready_while_it_serves_and_the_stop_is_in_order()
    {
        await using var cluster = new TestCluster();
        var silo = await cluster.StartAsync("node", "all", "--log", "json");
        var health = TestCluster.HealthUrl(silo);
        using var http = new HttpClient();
        foreach (var (probe, words) in new[] { ("startup", "started"), ("ready", "ready"), ("live", "alive") })
        {
            var answer = await UntilOkAsync(http, $"{health}/health/{probe}");
            Assert.Contains(words, answer, StringComparison.Ordinal);
        }

        // What an engine's health check runs in the container.
        var port = new Uri(health).Port;
        Assert.Equal((0, ""), await RunToItsEndAsync([new("Health__Port", $"{port}")], "--probe", "ready"));
        Assert.Equal(1, (await RunToItsEndAsync([new("Health__Port", $"{LoopbackPorts.Take(1)[0]}")], "--probe", "live")).Exit);
        Assert.Contains("expected startup, ready or live", (await RunToItsEndAsync("--probe", "health")).Error, StringComparison.Ordinal);

        // As a platform's probes of the ports do, for as long as it lives.
        foreach (var listening in ListeningPorts().Match(silo.Tail).Groups.Values.Skip(1))
        {
            using var probe = new TcpClient();
            await probe.ConnectAsync(IPAddress.Loopback, int.Parse(listening.Value, null), Token);
        }

        Assert.Contains("\"@m\":\"Silo node-", silo.Tail, StringComparison.Ordinal);
        var clock = Stopwatch.StartNew();
        await silo.StopAsync(Token);
        Assert.Equal(0, silo.ExitCode);
        Assert.Contains("has left cluster", silo.Tail, StringComparison.Ordinal);
        Assert.DoesNotContain("handshake", silo.Tail, StringComparison.OrdinalIgnoreCase);
        TestCluster.Say($"An idle silo stopped in {clock.Elapsed.TotalSeconds:F1} s.");
    }

    private static async Task<string> UntilOkAsync(HttpClient http, string url)
    {
        while (true)
        {
            using var answer = await http.GetAsync(url, Token);
            var text = await answer.Content.ReadAsStringAsync(Token);
            if (answer.IsSuccessStatusCode) return text;
            await Task.Delay(20, Token);
        }
    }

    private static async Task AnswerWithNonsenseAsync(TcpListener listener)
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await listener.AcceptTcpClientAsync(Token);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return;
            }

            try
            {
                using (client) await client.GetStream().WriteAsync(new byte[16], Token);
            }
            catch (IOException)
            {
                // This visitor has gone; the next one gets an answer all the same.
            }
        }
    }

    private static Task<(int Exit, string Error)> RunToItsEndAsync(params string[] arguments) => RunToItsEndAsync([], arguments);

    private static async Task<(int Exit, string Error)> RunToItsEndAsync(KeyValuePair<string, string>[] environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "contrastive-silo.dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token));
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            Assert.Fail($"The silo went on with the options {string.Join(' ', arguments)}. It said: {await output} {await error}");
        }

        return (process.ExitCode, await error);
    }

    [GeneratedRegex(@"silos at [0-9.]+:(\d+), clients at [0-9.]+:(\d+)")]
    private static partial Regex ListeningPorts();
}
