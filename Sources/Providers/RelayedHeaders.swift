package import HTTPTypes

/// Which headers pass through the gateway, in either direction; all others stop here.
package enum RelayedHeaders {
    /// What of an agent's headers goes upstream: the providers' own feature headers and tracing.
    ///
    /// Credentials never do, nor what selects an account at the provider.
    package static func upstream(_ fields: HTTPFields) -> HTTPFields {
        fields.filtered { name in
            let isFeature = name.hasPrefix("anthropic-") || name.hasPrefix("openai-")
            let isTracing = name == "traceparent" || name == "tracestate"
            return (isFeature && !accountHeaders.contains(name)) || isTracing
        }
    }

    /// What of an upstream's headers goes to the agent; nothing that describes our own account.
    package static func downstream(_ fields: HTTPFields) -> HTTPFields {
        fields.filtered { name in
            if name == "content-type" || name == "retry-after" || name == "retry-after-ms" {
                return true
            }
            let isFeature = name.hasPrefix("anthropic-") || name.hasPrefix("openai-")
            return isFeature && !accountHeaders.contains(name)
                && !name.hasPrefix("anthropic-ratelimit-")
        }
    }

    private static let accountHeaders: Set<String> = [
        "openai-organization", "openai-project", "anthropic-organization-id",
        "anthropic-workspace-id", "anthropic-user-profile-id",
    ]
}

extension HTTPFields {
    fileprivate func filtered(_ passes: (String) -> Bool) -> HTTPFields {
        HTTPFields(filter { passes($0.name.canonicalName) })
    }
}
