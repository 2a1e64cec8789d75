package dev.millrace.topic.fault;

import java.security.cert.CertificateException;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.SslAuthenticationException;

/** Thrown when this process and the cluster do not accept who the other is; names the settings that decide it. */
public final class UnauthenticatedException extends RuntimeException {

    private static final String LOGIN =
            "kafka.sasl.jaas.config must have a user of the cluster with the right password, "
                    + "and kafka.sasl.mechanism a mechanism of the listener";
    private static final String TRUST = "kafka.ssl.truststore.* must hold the authority that signed the broker's "
            + "certificate, and that must name the host by which the broker is reached";
    private static final String OWN_CERTIFICATE = "kafka.security.protocol must be that of the listener, and "
            + "kafka.ssl.keystore.* hold a certificate that the cluster trusts, if it asks for one";

    private UnauthenticatedException(String message, Throwable cause) {
        super(message, cause);
    }

    public static UnauthenticatedException of(AuthenticationException refused) {
        return new UnauthenticatedException(
                "this process and the cluster do not accept each other: " + Causes.messages(refused) + "; "
                        + rule(refused),
                refused);
    }

    private static String rule(AuthenticationException refused) {
        if (!(refused instanceof SslAuthenticationException)) {
            return LOGIN;
        }
        boolean isByThisProcess = Causes.of(refused).anyMatch(CertificateException.class::isInstance);
        return isByThisProcess ? TRUST : OWN_CERTIFICATE;
    }

    /** The refusal that a failure came from, if it did. */
    public static Optional<UnauthenticatedException> in(Throwable failure) {
        return Causes.of(failure)
                .flatMap(cause -> cause instanceof UnauthenticatedException known
                        ? Stream.of(known)
                        : cause instanceof AuthenticationException refused ? Stream.of(of(refused)) : Stream.empty())
                .findFirst();
    }
}
