using System.Net;
using OrleansContrastive.Hosting.Health;

namespace OrleansContrastive.Silo;

/// <summary><c>contrastive-silo --probe ready</c>: asks the silo of this container how it is, for engines whose health check is a command.</summary>
internal static class HealthProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    /// <summary>0 where the answer is yes, otherwise 1; what was answered goes to standard output.</summary>
    /// <param name="name"><c>startup</c>, <c>ready</c> or <c>live</c>.</param>
    public static async Task<int> AskAsync(string name)
    {
        if (name is not ("startup" or "ready" or "live"))
        {
            await Console.Error.WriteLineAsync($"--probe is '{name}'; expected startup, ready or live.");
            return 2;
        }

        // Only what the silo was started with by file and environment is known here, not its command line.
        var health = new ConfigurationBuilder().SetBasePath(AppContext.BaseDirectory).AddJsonFile("appsettings.json", optional: true).AddEnvironmentVariables().Build()
            .GetSection("Health").Get<HealthSettings>() ?? new();
        var address = IPAddress.Parse(health.Address);
        if (address.Equals(IPAddress.Any)) address = IPAddress.Loopback;
        using var http = new HttpClient { Timeout = Patience };
        try
        {
            using var answer = await http.GetAsync(new Uri($"http://{new IPEndPoint(address, health.Port)}/health/{name}"));
            Console.Write(await answer.Content.ReadAsStringAsync());
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            Console.WriteLine(exception.Message);
            return 1;
        }
    }
}
