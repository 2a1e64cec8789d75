package dev.millrace.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/**
 * Asks a process that answers over HTTP.
 *
 * @param url of the process, without a path
 */
public record HttpProbe(String url) {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int OK = 200;
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();

    public int status(String path) throws IOException, InterruptedException {
        return get(path).statusCode();
    }

    /** Returns the body, whatever the status. */
    public String text(String path) throws IOException, InterruptedException {
        return get(path).body();
    }

    /** Whether the process answers that it may be given traffic. */
    public boolean isReady() throws IOException, InterruptedException {
        return status("/readyz") == OK;
    }

    /** Returns what the process says of its readiness, ready or not. */
    public JsonNode readiness() throws IOException, InterruptedException {
        return JSON.readTree(text("/readyz"));
    }

    /** Returns a body that came with status 200; fails on any other. */
    public JsonNode fetch(String path) throws IOException, InterruptedException {
        HttpResponse<String> response = get(path);
        if (response.statusCode() != OK) {
            throw new AssertionError(url + path + " answered " + response.statusCode() + ": " + response.body());
        }
        return JSON.readTree(response.body());
    }

    public HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(request(path));
    }

    public HttpResponse<String> post(String path, String json) throws IOException, InterruptedException {
        return send(request(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json)));
    }

    public HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(url + path)).timeout(PATIENCE);
    }

    public HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        try {
            return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (ConnectException nobody) {
            throw new AssertionError("nobody answers at " + url + ": the process has ended", nobody);
        }
    }
}
