//! A field as JSON has it: one flat object, whatever its type.
//! Never written: serde flattens the typed form by itself. Reading back through `flatten` would go through a generic
//! value for each field, and a target's record holds thousands.

use serde::de::{Deserialize, Deserializer, Error};

use super::field::{DefaultValue, Field, FieldType, OnEvent, TextFormat};
use super::text::Text;

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Form {
    #[serde(rename = "type")]
    word: Word,
    max_length: Option<u32>,
    format: Option<String>,
    precision: Option<u8>,
    scale: Option<u8>,
    picklist: Option<String>,
    entity: Option<String>,
    #[serde(default)]
    entities: Vec<String>,
    #[serde(default)]
    on_delete: OnEvent,
    required: Option<bool>,
    default: Option<DefaultValue>,
    unique: Option<bool>,
    check: Option<String>,
    display_name: Option<Text>,
    description: Option<Text>,
    native: Option<String>,
    renamed_from: Option<String>,
    backfill: Option<DefaultValue>,
    #[serde(default)]
    standard: bool,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Text,
    Integer,
    Bigint,
    Decimal,
    Money,
    Float,
    Boolean,
    Date,
    Time,
    Datetime,
    Uuid,
    Json,
    Binary,
    Picklist,
    Lookup,
    Autonumber,
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Field, D::Error> {
        let form = Form::deserialize(from)?;
        let ty = match form.word {
            Word::Text => {
                let format = form.format.as_deref().map(text_format).transpose()?;
                FieldType::Text { max_length: form.max_length, format }
            }
            Word::Integer => FieldType::Integer,
            Word::Bigint => FieldType::Bigint,
            Word::Decimal => FieldType::Decimal {
                precision: form.precision.ok_or_else(|| D::Error::missing_field("precision"))?,
                scale: form.scale.ok_or_else(|| D::Error::missing_field("scale"))?,
            },
            Word::Money => FieldType::Money,
            Word::Float => FieldType::Float,
            Word::Boolean => FieldType::Boolean,
            Word::Date => FieldType::Date,
            Word::Time => FieldType::Time,
            Word::Datetime => FieldType::Datetime,
            Word::Uuid => FieldType::Uuid,
            Word::Json => FieldType::Json,
            Word::Binary => FieldType::Binary { max_length: form.max_length },
            Word::Picklist => FieldType::Picklist {
                picklist: form.picklist.ok_or_else(|| D::Error::missing_field("picklist"))?,
            },
            Word::Lookup => {
                FieldType::Lookup { entity: form.entity, entities: form.entities, on_delete: form.on_delete }
            }
            Word::Autonumber => FieldType::Autonumber {
                format: form.format.ok_or_else(|| D::Error::missing_field("format"))?,
            },
        };
        Ok(Field {
            ty,
            required: form.required,
            default: form.default,
            unique: form.unique,
            check: form.check,
            display_name: form.display_name,
            description: form.description,
            native: form.native,
            renamed_from: form.renamed_from,
            backfill: form.backfill,
            standard: form.standard,
        })
    }
}

fn text_format<E: Error>(word: &str) -> Result<TextFormat, E> {
    let word = serde::de::value::StrDeserializer::<E>::new(word);
    TextFormat::deserialize(word)
}
