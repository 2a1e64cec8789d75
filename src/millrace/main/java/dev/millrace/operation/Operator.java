package dev.millrace.operation;

/**
 * Who orders something, and from where.
 *
 * @param name of the token that the order came with, or of the user of the operating system
 * @param means the command, such as {@code millrace model promote}, or {@link #HTTP}
 * @param address of the client of a request, as the server sees it; of a command the name of its machine
 * @param clientId of the Kafka client that writes; empty if none was given
 */
public record Operator(String name, String means, String address, String clientId) {

    /** The means of whoever orders by a request to a server. */
    public static final String HTTP = "HTTP";
}
