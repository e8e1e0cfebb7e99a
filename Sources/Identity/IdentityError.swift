package import Primitives

/// Why a caller was not recognised, or a key not found.
package enum IdentityError: Failure, Hashable {
    /// No credential was presented.
    case missingCredential
    /// The credential is unknown, revoked, disabled or expired; these are not told apart.
    case invalidCredential
    /// A route of the operator was asked for without its key.
    case missingAdminKey
    /// A route of the operator was asked for with another key than its own.
    case invalidAdminKey
    case customerNotFound
    case keyNotFound(KeyID)
    /// The key may not manage keys.
    case mayNotManageKeys

    package var code: String {
        switch self {
        case .missingCredential, .missingAdminKey: "missing_credential"
        case .invalidCredential, .invalidAdminKey: "invalid_credential"
        case .customerNotFound: "customer_not_found"
        case .keyNotFound: "key_not_found"
        case .mayNotManageKeys: "may_not_manage_keys"
        }
    }

    package var kind: FailureKind {
        switch self {
        case .missingCredential, .invalidCredential, .missingAdminKey, .invalidAdminKey:
            .unauthenticated
        case .customerNotFound, .keyNotFound: .notFound
        case .mayNotManageKeys: .forbidden
        }
    }

    package var message: String {
        switch self {
        case .missingCredential:
            "No API key. Send it as `Authorization: Bearer`, as `x-api-key`, or in the path."
        case .invalidCredential: "Invalid or inactive API token."
        case .missingAdminKey: "No operator's key. Send it as `X-Admin-Key`."
        case .invalidAdminKey: "The `X-Admin-Key` is not the operator's key."
        case .customerNotFound: "There is no such customer."
        case .keyNotFound(let id): "There is no key \(id)."
        case .mayNotManageKeys: "This key may not manage keys."
        }
    }
}
