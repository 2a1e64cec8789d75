package dev.millrace.access;

/**
 * Who bears a token.
 *
 * @param name that the file of tokens gives; without one, the beginning of the token's SHA-256, as the file has it
 */
public record Bearer(Role role, String name) {}
