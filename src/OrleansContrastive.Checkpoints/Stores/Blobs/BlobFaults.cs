using System.Net.Sockets;
using Azure;
using Azure.Identity;
using Azure.Storage.Blobs.Models;

namespace OrleansContrastive.Checkpoints.Stores.Blobs;

/// <summary>The failures of the Azure client in this project's words.</summary>
internal static class BlobFaults
{
    /// <summary>Whether the answer says that a condition of the request did not hold.</summary>
    public static bool IsConflict(RequestFailedException fault) =>
        fault.Status == 412 || fault.ErrorCode == BlobErrorCode.BlobAlreadyExists;

    /// <summary>Whether blocks that were sent are not there any more: another writer's commit drops them.</summary>
    public static bool LostBlocks(RequestFailedException fault) =>
        fault.ErrorCode == BlobErrorCode.InvalidBlockList || fault.ErrorCode == BlobErrorCode.InvalidBlobOrBlock;

    /// <summary>Whether the container itself is not there.</summary>
    public static bool LacksContainer(RequestFailedException fault) => fault.ErrorCode == BlobErrorCode.ContainerNotFound;

    /// <summary>Runs a call and lets only this project's exceptions out of it, besides the caller's own cancellation.</summary>
    /// <param name="what">What is tried, such as <c>reading 'a/b'</c>.</param>
    /// <param name="location">The container.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public static async Task<T> GuardAsync<T>(string what, string location, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested && Translate(fault, what, location) is not null)
        {
            throw Translate(fault, what, location)!;
        }
    }

    /// <summary>The exception for a failure of the client; null for one that is not the store's.</summary>
    public static CheckpointException? Translate(Exception fault, string what, string location)
    {
        // The client collects the failures of all its tries; the last one says how things stand.
        var cause = fault is AggregateException { InnerExceptions: [.., var last] } ? last : fault;
        return cause switch
        {
            CheckpointException => null,
            RequestFailedException { Status: 401 or 403 } refused => new StoreAccessException(
                $"{location} refused {what} with {Words(refused)}; the caller needs the role 'Storage Blob Data Contributor' there, or a key.", fault),
            AuthenticationFailedException refused => new StoreAccessException(
                $"There is no credential for {what} in {location}: {FirstLine(refused.Message)}", fault),
            RequestFailedException { Status: >= 400 and < 500 and not (408 or 409 or 429) } refused => new CheckpointException(
                $"{location} refused {what} with {Words(refused)}.", fault),
            RequestFailedException answer => new StoreUnavailableException($"{location} did not finish {what}: {Words(answer)}.", fault),
            HttpRequestException or IOException or SocketException or OperationCanceledException => new StoreUnavailableException(
                $"{location} did not finish {what}: {FirstLine(cause.Message)}", fault),
            _ => null,
        };
    }

    private static string Words(RequestFailedException fault) =>
        fault.Status == 0 ? FirstLine(fault.Message) : $"{fault.Status} {fault.ErrorCode ?? FirstLine(fault.Message)}";

    // The client's messages go on with all headers of the answer.
    private static string FirstLine(string message) => message.Split('\n', 2)[0].TrimEnd();
}
