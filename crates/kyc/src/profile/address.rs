use std::fmt;

use super::{FieldViolation, ProfileField, ProfileFields, ProfileGrammar};

/// Where somebody lives, by the rules of profiles.
#[derive(Clone, PartialEq, Eq)]
pub struct PostalAddress(ProfileFields);

impl PostalAddress {
    const FIELDS: [ProfileField; 4] = [
        ProfileField::Address,
        ProfileField::Postcode,
        ProfileField::City,
        ProfileField::Country,
    ];

    /// Checks the fields of an address, each of which must be there; the others are left out. All problems are told, in
    /// the order of a profile's.
    pub fn check(raw: ProfileFields, grammar: ProfileGrammar) -> Result<Self, Vec<FieldViolation>> {
        let address = Self::stored(raw.squeezed());
        let violations = address.0.violations(&Self::FIELDS, grammar);
        if violations.is_empty() {
            Ok(address)
        } else {
            Err(violations)
        }
    }

    /// The address among fields as the store kept them.
    pub fn stored(fields: ProfileFields) -> Self {
        Self(ProfileFields {
            address: fields.address,
            postcode: fields.postcode,
            city: fields.city,
            country: fields.country,
            ..ProfileFields::default()
        })
    }

    /// The fields; those that an address has none of are not there.
    pub const fn fields(&self) -> &ProfileFields {
        &self.0
    }
}

impl fmt::Debug for PostalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostalAddress(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Problem;

    fn raw(address: &str, country: &str) -> ProfileFields {
        let text = |text: &str| Some(text.to_owned());
        ProfileFields {
            first_name: text("Ada"),
            address: text(address),
            postcode: text(" AB1  2CD "),
            city: text("London"),
            country: text(country),
            ..ProfileFields::default()
        }
    }

    #[test]
    fn an_address_keeps_the_rules_of_profiles_and_nothing_else_of_them() {
        let address = PostalAddress::check(raw("12 Main St.", "GBR"), ProfileGrammar::Wide).unwrap();
        assert_eq!(address.fields().postcode.as_deref(), Some("AB1 2CD"));
        assert_eq!(address.fields().first_name, None);
    }

    #[test]
    fn every_field_of_an_address_must_be_there_and_be_one() {
        let violations = PostalAddress::check(raw(" ", "Nowhere"), ProfileGrammar::Wide).unwrap_err();
        let violation = |field, problem| FieldViolation { field, problem };
        assert_eq!(
            violations,
            [
                violation(ProfileField::Address, Problem::Blank),
                violation(ProfileField::Country, Problem::BadFormat),
            ]
        );
    }
}
