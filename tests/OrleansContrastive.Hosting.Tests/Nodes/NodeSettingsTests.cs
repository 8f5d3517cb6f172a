using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using OrleansContrastive.Contracts.Workers;
using OrleansContrastive.Hosting.Nodes;

namespace OrleansContrastive.Hosting.Tests.Nodes;

public sealed class NodeSettingsTests
{
    [Fact]
    public void Every_section_is_read()
    {
        var settings = NodeSettings.Read(From(
            ("Store:Address", "/somewhere"), ("Cluster:ClusterId", "blue"), ("Worker:Roles", "encoder, Key"), ("Worker:Lanes", "3"), ("Worker:DrainTimeout", "00:00:07"),
            ("Endpoints:Advertise", "127.0.0.2"), ("Endpoints:SiloPort", "12345"), ("Membership:Votes", "1"), ("Health:Port", "8080")));

        Assert.Equal(("blue", "/somewhere", 12345, 8080, 1), (settings.Cluster.ClusterId, settings.Store.Address, settings.Endpoints.SiloPort, settings.Health.Port, settings.Membership.Votes));
        Assert.Equal((WorkerRoles.Encoder | WorkerRoles.Key, 3, TimeSpan.FromSeconds(7)), (settings.Worker.Roles, settings.Worker.Lanes, settings.Worker.DrainTimeout));
    }

    [Fact]
    public void All_problems_of_all_sections_are_told_at_once()
    {
        var failure = Assert.Throws<OptionsValidationException>(() => NodeSettings.Read(From(
            ("Worker:Roles", "cook"), ("Endpoints:SiloPort", "-1"), ("Endpoints:ListenSiloPort", "5"), ("Health:Address", "here"), ("Membership:MissedProbes", "0"), ("Contrastive:Methods", "/no/methods.dll"))));

        string[] expected = ["Store:Address", "'cook'", "Endpoints:SiloPort is -1", "Health:Address is 'here'", "Membership:MissedProbes is 0", "Contrastive:Methods: there is no file /no/methods.dll"];
        Assert.All(expected, words => Assert.Contains(failure.Failures, problem => problem.Contains(words, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("Orleans:Network:SharedSecert", "x", "Orleans:Network:SharedSecert is no option; known: SharedSecret")]
    [InlineData("Orleans:Network:SharedSecret", "short", "has 5 characters; expected 16 or more")]
    [InlineData("Orleans:Network:CertificateFile", "/no/such.pfx", "there is no such file")]
    [InlineData("Orleans:Network:RequireClientCertificate", "true", "CertificateFile is empty")]
    [InlineData("Membership:IAmAlive", "00:01:00", "at most 15 s")]
    public void What_would_leave_a_cluster_open_or_blind_is_refused(string key, string value, string expected)
    {
        var failure = Assert.Throws<OptionsValidationException>(() => NodeSettings.Read(From(("Store:Address", "/somewhere"), (key, value))));
        Assert.Contains(expected, string.Join('\n', failure.Failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("all", WorkerRoles.All)]
    [InlineData("parameters,run", WorkerRoles.Parameters | WorkerRoles.Run)]
    public void Roles_read_what_they_write(string text, WorkerRoles roles)
    {
        Assert.Equal(roles, RoleNames.Parse(text));
        Assert.Equal(text, RoleNames.Text(roles));
    }

    [Fact]
    public void Chosen_ports_differ_and_given_ones_stay()
    {
        var (first, second) = FreePorts.Choose(System.Net.IPAddress.Loopback);
        Assert.NotEqual(first, second);
        Assert.Equal((7, 8), FreePorts.Choose(System.Net.IPAddress.Loopback, 7, 8));
    }

    private static IConfiguration From(params (string Key, string Value)[] values) =>
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(value => KeyValuePair.Create(value.Key, (string?)value.Value))).Build();
}
